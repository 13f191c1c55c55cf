/** Of the pages around reports; colours as the reports have them, light and dark. */
export const style = `
:root { color-scheme: light dark; --ground: #fff; --raised: #f6f7f9; --text: #16202c;
  --quiet: #51606f; --line: #d5dbe2; --accent: #0a58a8; --alarm: #a3211b; --good: #17653a; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #11161d; --raised: #1a222c; --text: #e8edf3; --quiet: #a5b3c1;
    --line: #33404d; --accent: #7ab8ff; --alarm: #ff9a92; --good: #7fd6a0; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; }
a { color: var(--accent); }
a:focus-visible, button:focus-visible, input:focus-visible, select:focus-visible,
summary:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--accent);
  outline-offset: 2px; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--ground); padding: .5rem 1rem;
  z-index: 1; }
header.bar { border-bottom: 1px solid var(--line); background: var(--raised); }
header.bar > div, main, footer { max-width: 72rem; margin: 0 auto; padding: 0 1rem; }
header.bar > div { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem;
  align-items: center; padding-block: .75rem; }
header.bar strong { overflow-wrap: anywhere; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none;
  margin: 0; padding: 0; }
nav a { display: inline-block; padding: .35rem 0; }
nav a[aria-current] { color: var(--text); font-weight: 600; text-decoration: none;
  border-bottom: 2px solid var(--accent); }
header.bar form { margin-left: auto; }
main { padding-block: 1.5rem 3rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; overflow-wrap: anywhere; }
p { margin: .5rem 0; overflow-wrap: anywhere; }
.quiet { color: var(--quiet); }
.alarm { color: var(--alarm); font-weight: 600; }
.good { color: var(--good); }
.list { list-style: none; margin: .5rem 0; padding: 0; border-top: 1px solid var(--line); }
.list > li { padding: .75rem 0; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--quiet); padding: .25rem 0; }
th, td { text-align: left; padding: .5rem .75rem .5rem 0; vertical-align: top;
  border-bottom: 1px solid var(--line); }
th { font-weight: 600; }
td.number, th.number { text-align: right; padding-right: 0; padding-left: .75rem; }
.tiles { display: grid; grid-template-columns: repeat(12, minmax(0, 1fr)); gap: 1rem; }
.tile { grid-column: span 12; border: 1px solid var(--line); border-radius: .5rem;
  padding: 1rem; background: var(--ground); min-width: 0; }
@media (min-width: 50rem) { .tile { grid-column: span var(--width, 6); } }
.tile h2 { margin-top: 0; font-size: 1.05rem; }
.tile svg { max-width: 100%; height: auto; }
form.row { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: end; }
label { display: block; font-weight: 600; }
input, select, button { font: inherit; color: inherit; min-height: 2.75rem;
  padding: .35rem .75rem; border: 1px solid var(--quiet); border-radius: .375rem;
  background: var(--ground); max-width: 100%; }
input { width: 24rem; }
button { cursor: pointer; background: var(--accent); color: var(--ground);
  border-color: var(--accent); font-weight: 600; }
button.plain { background: none; color: var(--accent); border-color: transparent; }
@media print { header.bar, .no-print { display: none; } }
`
