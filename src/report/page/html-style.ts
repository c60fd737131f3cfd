/** For a screen of any width and for A4. Ink is cheap to save: black on white, colour only where it tells something. */
export const STYLE = `
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #fff; color: #16191d; font: 15px/1.5 system-ui, "Noto Sans", "Noto Sans CJK SC", "DejaVu Sans", sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1.25rem 3rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 2rem 0 .6rem; padding-bottom: .25rem; border-bottom: 1px solid #c9d0d8; overflow-wrap: anywhere; }
h3 { font-size: .95rem; margin: 1.1rem 0 .35rem; overflow-wrap: anywhere; }
h3 small { font-weight: 400; font-size: .85rem; color: #4a5360; }
p, ul, dl { margin: .4rem 0; overflow-wrap: anywhere; }
ul { padding-left: 1.2rem; }
.verdict { border-left: 4px solid #b42318; background: #fdf3f2; padding: .7rem 1rem; }
.verdict p { margin: 0; font-size: 1.05rem; }
.verdict ul { margin-bottom: 0; }
dl { display: grid; grid-template-columns: minmax(6.5rem, max-content) 1fr; gap: .15rem 1.1rem; }
dt { color: #4a5360; }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
pre, code, .at { font-family: ui-monospace, "DejaVu Sans Mono", "Noto Sans Mono", Menlo, Consolas, monospace; font-size: .8rem; }
pre { margin: .3rem 0; padding: .6rem .7rem; background: #f5f6f8; border: 1px solid #dfe3e8; border-radius: 3px; overflow-x: auto; line-height: 1.4; }
pre.command { white-space: pre-wrap; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .87rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem 1.1rem .25rem 0; border-bottom: 1px solid #e4e8ec; vertical-align: top; max-width: 22rem; overflow-wrap: break-word; }
th { color: #4a5360; font-weight: 600; white-space: nowrap; }
.figure { text-align: right; white-space: nowrap; }
.notes { font-size: .85rem; color: #4a5360; }
.checks { list-style: none; padding: 0; }
.checks li { display: grid; grid-template-columns: 7.5rem minmax(0, 19rem) minmax(0, 1fr); gap: .8rem; padding: .18rem 0; border-bottom: 1px solid #eef0f3; }
.checks b { font-weight: 600; }
.checks i { font-style: normal; color: #4a5360; font-variant-numeric: tabular-nums; }
.clean b { color: #1a7f37; }
.suspect b { color: #b42318; }
.unmeasured b, .info b { color: #5c6570; font-weight: 400; }
.strip > div { display: flex; align-items: flex-end; gap: .7rem; margin: .25rem 0; }
.strip .at { flex: none; color: #4a5360; line-height: 1.2; }
.strip svg { flex: 1 1 auto; min-width: 0; width: 100%; height: auto; border-bottom: 1px solid #c9d0d8; }
.strip .quiet { color: #5c6570; font-size: .85rem; }
.legend span { white-space: nowrap; margin-right: 1rem; font-size: .85rem; }
.key { height: 1rem; width: .3rem; margin-right: .4rem; vertical-align: -.15rem; }
.good { fill: #8fa3b5; } .late { fill: #c77700; } .lost { fill: #b42318; } .blind { fill: #6e56cf; } .failed { fill: #16191d; }
@media (max-width: 40rem) {
  main { padding: 1rem .9rem 2rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .4rem; }
  pre { font-size: .6rem; padding: .5rem .4rem; }
  table { font-size: .78rem; }
  th, td { padding-right: .7rem; }
  .checks li { grid-template-columns: 1fr; gap: 0; padding: .35rem 0; }
  .strip > div { display: block; }
}
@media print {
  @page { size: A4; margin: 14mm 13mm; }
  :root { font-size: 9.5pt; }
  body { font-size: 1rem; }
  main { max-width: none; padding: 0; }
  h2 { margin-top: 1.2rem; }
  h2, h3 { break-after: avoid; }
  pre, table, .strip > div, .checks li, .verdict { break-inside: avoid; }
  pre { font-size: 7.4pt; white-space: pre-wrap; }
  th, td { overflow-wrap: anywhere; }
  svg, .verdict, pre { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
