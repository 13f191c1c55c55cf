/**
 * The style sheet of a page: light and dark by what the reader prefers, one column that
 * fits a phone, and paper. Every pair of text and ground has a contrast of at least 4.5.
 */
export const pageStyle = `
:root{color-scheme:light dark;--ground:#f6f7f9;--card:#fff;--text:#1a2230;--soft:#566173;
--line:#dce1e8;--faint:#f1f3f6;--accent:#1f5fa8;--good:#0b6b4f;--bad:#a8341a;
--warn:#fff5dc;--warn-line:#c98a06;--warn-text:#5a4100}
@media (prefers-color-scheme:dark){:root{--ground:#0d0f13;--card:#15181e;--text:#e8ecf2;
--soft:#a5b0c0;--line:#2c323c;--faint:#20252e;--accent:#8bbcf5;--good:#5cd0a8;--bad:#ff9a80;
--warn:#2e2611;--warn-line:#c98a06;--warn-text:#f5dfa6}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--text);
font:16px/1.55 Inter,system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
.page{max-width:60rem;margin-inline:auto;padding:2rem 1.25rem 3rem}
.skip{position:absolute;inset-inline-start:.5rem;top:-4rem;padding:.5rem 1rem;
background:var(--accent);color:var(--card);border-radius:.4rem;z-index:1}
.skip:focus{top:.5rem}
h1,h2,h3,h4,h5,h6{line-height:1.25;margin:0;text-wrap:balance;overflow-wrap:anywhere}
h1{font-size:clamp(1.6rem,1.2rem + 2vw,2.25rem);letter-spacing:-.015em}
h2{font-size:1.35rem}h3{font-size:1.1rem}h4,h5,h6{font-size:1rem}
p,li,td,th,dd,blockquote{overflow-wrap:anywhere}
a{color:var(--accent)}
a:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:3px solid
var(--accent);outline-offset:2px;border-radius:.25rem}
.head{margin-block-end:1.75rem}
.project{margin:0 0 .35rem;color:var(--accent);font-weight:600;font-size:.875rem}
.subtitle{margin:.5rem 0 0;font-size:1.1rem;color:var(--soft)}
.facts{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;margin:1rem 0 0;font-size:.875rem;
color:var(--soft)}
.facts div{display:flex;gap:.4rem}.facts dt{font-weight:600}.facts dd{margin:0}
.notices{list-style:none;margin:1.25rem 0 0;padding:0;display:grid;gap:.5rem}
.notices li{background:var(--warn);color:var(--warn-text);padding:.6rem .9rem;
border-inline-start:4px solid var(--warn-line);border-radius:.3rem;font-size:.9375rem}
.contents{margin-block:0 1.75rem;font-size:.9375rem}
.contents summary{cursor:pointer;color:var(--accent);font-weight:600;width:max-content}
.contents ol{columns:17rem;margin:.5rem 0 0;padding-inline-start:1.4rem}
.contents li{break-inside:avoid;padding-block:.15rem}
main{display:grid;grid-template-columns:minmax(0,1fr);gap:1.25rem}
.prose{max-width:46rem}.prose>:first-child{margin-top:0}.prose>:last-child{margin-bottom:0}
.prose h2,.prose h3,.prose h4,.prose h5,.prose h6{margin:1.5em 0 .5em}
.prose h2{margin-top:1rem}
.prose blockquote{margin-inline:0;padding-inline-start:1rem;color:var(--soft);
border-inline-start:3px solid var(--line)}
code{font:.9em ui-monospace,"SF Mono",Menlo,Consolas,monospace;background:var(--faint);
padding:.1em .3em;border-radius:.25em}
pre{overflow:auto;background:var(--faint);padding:.9rem;border-radius:.4rem}
pre code{background:none;padding:0}
hr{border:0;border-top:1px solid var(--line);margin-block:1.5rem}
.card,.metrics li{background:var(--card);border:1px solid var(--line);border-radius:.6rem;
padding:1.15rem 1.25rem;min-width:0}
.card>p:last-child{margin-bottom:0}
.card>.about{margin:.25rem 0 0;color:var(--soft);font-size:.9375rem}
.chart{margin:1rem 0 0}.chart svg{display:block;width:100%;height:auto;max-width:100%;
font-family:Inter,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Liberation Sans","Noto Sans",
sans-serif}
.only-dark{display:none}
@media (max-width:40rem){.page{padding:1.25rem .9rem 2rem}.card,.metrics li{padding:1rem}
table{font-size:.875rem}th,td{padding:.4rem .5rem}
.chart.two .wide{display:none}}
@media (min-width:40.01rem){.chart.two .narrow{display:none}}
@media (prefers-color-scheme:dark){.only-light{display:none}.only-dark{display:block}}
.metrics{list-style:none;margin:0;padding:0;display:grid;gap:.9rem;
grid-template-columns:repeat(auto-fit,minmax(min(12.5rem,100%),1fr))}
.metric-title{font-size:.9375rem;font-weight:600;color:var(--soft)}
.metrics li{container-type:inline-size}
.value{margin:.3rem 0 0;font-size:clamp(1.2rem,11.5cqi,1.9rem);line-height:1.2;font-weight:650;
letter-spacing:-.02em;font-variant-numeric:tabular-nums}
.change{margin:.25rem 0 0;font-size:.875rem;color:var(--soft)}
.change b{font-weight:600;color:var(--text)}.change .good{color:var(--good)}
.change .bad{color:var(--bad)}
.spark{display:block;width:100%;height:2.5rem;margin-top:.7rem;color:var(--accent);
overflow:visible}
.numbers{margin-top:.9rem;font-size:.9375rem}
.numbers summary{cursor:pointer;color:var(--accent);width:max-content;max-width:100%}
.scroll{overflow-x:auto;margin-top:.9rem}
table{border-collapse:collapse;width:100%;font-size:.9375rem}
th,td{padding:.45rem .7rem;text-align:start;vertical-align:top;
border-bottom:1px solid var(--line);max-width:26rem}
tbody th,tbody td{min-width:7rem}.n,.w,tbody .n,tbody .w{min-width:0}
thead th{overflow-wrap:break-word}.w{white-space:nowrap}
thead th{border-bottom:2px solid var(--line);color:var(--soft);font-size:.875rem;
vertical-align:bottom}
tbody th{font-weight:500}
tbody tr:last-child>*{border-bottom:0}
.n{text-align:end;font-variant-numeric:tabular-nums;white-space:nowrap}
.note{margin:.6rem 0 0;font-size:.875rem;color:var(--soft)}
.failed{border-inline-start:4px solid var(--bad)}
.foot{margin-top:2rem;padding-top:1rem;border-top:1px solid var(--line);
font-size:.8125rem;color:var(--soft)}
.foot p{margin:0}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);
white-space:nowrap}
.page-break{display:none}
@page{size:A4;margin:16mm 14mm}
@media print{:root{color-scheme:light;--ground:#fff;--card:#fff;--text:#111;--soft:#444;
--line:#bbb;--faint:#f3f3f3;--accent:#123c6b;--good:#0b6b4f;--bad:#a8341a;--warn:#fff;
--warn-text:#111}
body{font-size:10pt}.page{max-width:none;padding:0}.skip,.contents,.numbers{display:none}
.only-light{display:block!important}.only-dark{display:none!important}
.card,.metrics li{border-color:#ccc}.metrics{
grid-template-columns:repeat(auto-fit,minmax(38mm,1fr))}.card:has(.chart){break-inside:avoid}
.chart,.metrics li,.notices li,tr,.failed{break-inside:avoid}
h2,h3,h4,h5,h6{break-after:avoid}thead{display:table-header-group}
.scroll{overflow:visible}.page-break{display:block;break-after:page}
.prose a[href]::after{content:" (" attr(href) ")";font-size:.85em}}
`
