export const style = `
:root {
  color-scheme: light dark;
  --back: #f4f6f9; --card: #ffffff; --text: #17202b; --muted: #586575; --line: #dde3ea; --accent: #0b6bcb;
  --good: #1a7f4b; --good-back: #e2f4ea; --bad: #b3261e; --bad-back: #fce8e6; --wait: #8a5a00; --wait-back: #fdf1d8;
  --quiet-back: #e9edf2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #10151c; --card: #1a212b; --text: #e8edf3; --muted: #9aa8b8; --line: #2c3643; --accent: #6db3f8;
    --good: #69d59b; --good-back: #143625; --bad: #ff9a92; --bad-back: #41201e; --wait: #f2c363; --wait-back: #3a2d10;
    --quiet-back: #27303b;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
header, main, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.5rem; }
header { display: flex; justify-content: space-between; align-items: center; padding-top: 1.75rem; gap: 1rem; }
footer { padding-top: 1.2rem; padding-bottom: 2.5rem; }
h1 { font-size: 1.5rem; line-height: 1.2; margin: 0 0 .2rem; letter-spacing: -.01em; }
h2 { font-size: 1.05rem; margin: 2rem 0 .6rem; }
p { margin: 0 0 .6rem; }
a { color: var(--accent); }
.muted { color: var(--muted); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.live { display: flex; align-items: center; gap: .5rem; color: var(--muted); margin: 0; white-space: nowrap; }
.live::before { content: ""; width: .6rem; height: .6rem; border-radius: 50%; background: var(--bad); }
.live.on::before { background: var(--good); }
.totals { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: .9rem; margin: 1.4rem 0 0; }
.totals div, .target, .scroll { background: var(--card); border: 1px solid var(--line); border-radius: .7rem; }
.totals div { padding: .8rem 1.1rem; }
.totals dt { color: var(--muted); font-size: .87rem; }
.totals dd { margin: 0; font-size: 1.55rem; font-weight: 600; font-variant-numeric: tabular-nums; line-height: 1.3; }
.targets { list-style: none; margin: 0; padding: 0; display: grid; gap: .9rem; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); }
.target { padding: 1rem 1.1rem; display: flex; flex-direction: column; gap: .55rem; }
.target.away .name { color: var(--muted); font-weight: 400; }
.target.away .bar span { background: var(--muted); }
.row { display: flex; justify-content: space-between; align-items: center; gap: .75rem; }
.name { font-weight: 600; overflow-wrap: anywhere; }
.state { border-radius: 1rem; padding: .08rem .65rem; font-size: .85rem; font-weight: 600; white-space: nowrap; background: var(--quiet-back); color: var(--muted); }
.state.healthy { background: var(--good-back); color: var(--good); }
.state.unhealthy { background: var(--bad-back); color: var(--bad); }
.state.draining, .state.initial { background: var(--wait-back); color: var(--wait); }
.problem { color: var(--bad); font-size: .87rem; margin: 0; min-height: 1.3em; }
.bar { height: .5rem; border-radius: .25rem; background: var(--quiet-back); overflow: hidden; }
.bar span { display: block; height: 100%; background: var(--accent); border-radius: .25rem; transition: width .2s; }
.rate { display: block; width: 100%; height: 2.2rem; color: var(--accent); }
.figures { display: flex; gap: 1.2rem; font-size: .87rem; color: var(--muted); margin: 0; }
.figures b { color: var(--text); font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; max-height: 26rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .45rem 1.1rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
tbody tr:last-child td { border-bottom: 0; }
th { font-size: .85rem; color: var(--muted); font-weight: 600; position: sticky; top: 0; background: var(--card); }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.label { font-family: ui-monospace, monospace; }
.label::before { content: ""; display: inline-block; width: .7rem; height: .7rem; border-radius: .2rem; margin-right: .55rem; background: hsl(var(--hue) 65% 52%); }
.empty { color: var(--muted); padding: .7rem 0; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (prefers-reduced-motion: reduce) { .bar span { transition: none; } }
`;
