/** The style of the HTML report; light or dark as the reader's system is. */
export const HTML_STYLE = `
:root { color-scheme: light dark; --text: #1f2328; --back: #ffffff; --soft: #f3f4f6; --line: #d1d9e0; --dim: #59636e;
  --good: #1a7f37; --bad: #cf222e; --odd: #9a6700; --added: #dafbe1; --removed: #ffebe9; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --back: #0d1117; --soft: #161b22; --line: #30363d; --dim: #9198a1;
    --good: #3fb950; --bad: #f85149; --odd: #d29922; --added: #12361f; --removed: #4a1a1d; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; color: var(--text); background: var(--back);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
header { border-left: 0.5rem solid var(--odd); padding: 0.25rem 1rem; background: var(--soft); }
header.reproduced { border-color: var(--good); }
header.diverged { border-color: var(--bad); }
.verdict { margin: 0; font-weight: 700; text-transform: uppercase; }
.reproduced .verdict { color: var(--good); }
.diverged .verdict { color: var(--bad); }
.unverifiable .verdict { color: var(--odd); }
.verdict span { font-weight: 400; text-transform: none; }
h1 { margin: 0; font-size: 1.6rem; }
h2 { margin: 1.5rem 0 0.5rem; font-size: 1.2rem; border-bottom: 1px solid var(--line); }
h3 { margin: 0; font-size: 1rem; font-weight: 600; }
header p { margin: 0.25rem 0; }
article { border: 1px solid var(--line); border-left: 0.3rem solid var(--dim); padding: 0.5rem 0.75rem; margin: 0.5rem 0; }
article.critical, article.high { border-left-color: var(--bad); }
article.medium { border-left-color: var(--odd); }
.severity { text-transform: uppercase; font-size: 0.8rem; }
.critical .severity, .high .severity { color: var(--bad); }
.medium .severity { color: var(--odd); }
.kind, .place, footer { color: var(--dim); font-size: 0.85rem; margin: 0; }
.abilities { background: var(--removed); padding: 0.5rem 0.5rem 0.5rem 2rem; margin: 0; }
code, pre { font: 0.85rem/1.45 ui-monospace, monospace; }
p.data { font: 0.85rem/1.45 ui-monospace, monospace; margin: 0; }
pre { margin: 0; white-space: pre-wrap; }
ol.statements { margin: 0.5rem 0; padding-left: 1.5rem; }
li.added pre, li.changed pre, td.added { background: var(--added); }
li.removed pre, td.removed { background: var(--removed); }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 600; font-size: 0.85rem; vertical-align: top; }
td, th { padding: 0.1rem 0.5rem; }
table.diff { table-layout: fixed; border: 1px solid var(--line); }
table.facts th { width: 8rem; color: var(--dim); }
td.hunk { color: var(--dim); background: var(--soft); }
ul.files { columns: 20rem; font: 0.85rem/1.5 ui-monospace, monospace; }
summary { cursor: pointer; }
summary.unexplained { color: var(--bad); }
`;
