import { pageStyle } from "@analytics/reports/html/pageStyle"

/** What the pages around reports have besides; names and colours are those of reports. */
export const style = `${pageStyle}
.bar{background:var(--card);border-bottom:1px solid var(--line)}
.bar>div{max-width:72rem;margin-inline:auto;padding:.6rem 1.25rem;display:flex;
flex-wrap:wrap;gap:.25rem 1.5rem;align-items:center}
.bar strong{overflow-wrap:anywhere;min-width:0}
.bar form{margin-inline-start:auto}
.bar ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:0;padding:0}
.bar nav a{display:inline-block;padding-block:.5rem;border-bottom:2px solid transparent;
text-decoration:none}
.bar nav a:hover{border-color:var(--line)}
.bar nav a[aria-current]{color:var(--text);font-weight:600;border-color:var(--accent)}
@media (max-width:40rem){.bar>div{padding-inline:.9rem}.bar ul{gap:.25rem .9rem}
.bar form .plain{padding-inline:0}}
.page.wide{max-width:72rem}
.top{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;align-items:end;
justify-content:space-between}
.list{list-style:none;margin:.75rem 0 0;padding:0;border-top:1px solid var(--line)}
.list>li{padding:.7rem 0;border-bottom:1px solid var(--line)}
.list>li:last-child{border-bottom:0}
.card>.list>li:last-child{padding-block-end:0}
.list a{font-weight:600}
.fit th,.fit td{min-width:0}.fit thead th,.fit .state{overflow-wrap:normal}
.soft{color:var(--soft);font-size:.9375rem}
.state{font-weight:600}.state.bad{color:var(--bad)}.state.good{color:var(--good)}
.tiles{display:grid;grid-template-columns:repeat(12,minmax(0,1fr));gap:1.25rem}
.tile{grid-column:span 12;min-width:0;display:grid;container-type:inline-size}
@container (max-width:38rem){.tile .chart.two .wide{display:none}
.tile .chart.two .narrow{display:block}}
@media (min-width:60rem){.tile{grid-column:span var(--width,6)}}
.row{display:flex;flex-wrap:wrap;gap:.75rem 1rem;align-items:end}
.row label{display:block;font-weight:600;margin-block-end:.25rem}
input,select,button{font:inherit;min-height:2.75rem;padding:.35rem .8rem;max-width:100%;
color:var(--text);background:var(--card);border:1px solid var(--soft);border-radius:.4rem}
.row>div{max-width:100%}
input[type=password]{width:24rem}
button{cursor:pointer;font-weight:600;color:var(--card);background:var(--accent);
border-color:var(--accent)}
button.plain{background:none;color:var(--accent);border-color:transparent}
input:focus-visible,select:focus-visible,button:focus-visible{outline:3px solid
var(--accent);outline-offset:2px}
.problem{margin:.75rem 0;padding:.6rem .9rem;background:var(--warn);
color:var(--warn-text);border-inline-start:4px solid var(--warn-line);border-radius:.3rem}
.formats{display:flex;flex-wrap:wrap;gap:.25rem 1rem;list-style:none;margin:.5rem 0 0;
padding:0}
@media print{.bar,.no-print{display:none}}
`
