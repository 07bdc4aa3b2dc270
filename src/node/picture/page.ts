import { COLOURS, elementId } from './dot.ts';
import type { Film } from './film.ts';

/** What a page shows. */
export interface PageContent {
  readonly title: string;
  /** One line below the title. */
  readonly about: string;
  /** The picture of the last step, as an SVG element. */
  readonly svg: string;
  /** How it came about; without one the page is still. */
  readonly film?: Film;
}

const STYLE = `
body { font: 15px/1.4 system-ui, sans-serif; margin: 1.5rem; color: #1b1f24; background: #fff; }
h1 { font-size: 1.25rem; margin: 0; }
p { margin: .3rem 0; }
.picture { overflow: auto; border: 1px solid #d0d4da; border-radius: 6px; padding: .5rem; margin-top: .8rem; }
.controls { display: flex; gap: .4rem; align-items: center; margin-top: .8rem; }
.controls input { flex: 1; max-width: 40rem; }
button { font: inherit; padding: .1rem .7rem; }
.legend span { display: inline-block; padding: 0 .5rem; border: 1px solid; border-radius: 4px; margin-right: .6rem; }
[hidden] { display: none; }
`;

/** Runs in the browser: shows the step of the slider. */
const SCRIPT = `
const film = JSON.parse(document.getElementById('film').textContent);
const slider = document.getElementById('step'), caption = document.getElementById('caption'), play = document.getElementById('play');
const drawn = film.ids.map((id) => ({
  block: document.getElementById(id),
  edges: [...document.querySelectorAll('.of-' + id)],
}));
function show(step) {
  const looks = [];
  for (const { looks: changed } of film.steps.slice(0, step + 1)) for (const look of changed) looks[look[0]] = look;
  drawn.forEach(({ block, edges }, index) => {
    const look = looks[index];
    for (const part of [block, ...edges]) part.style.display = look ? '' : 'none';
    if (!look) return;
    const [, blue, tip, position] = look;
    const { fill, border } = blue ? film.colours.blue : film.colours.red;
    for (const shape of block.querySelectorAll('path, polygon')) {
      shape.setAttribute('fill', fill);
      shape.setAttribute('stroke', border);
      shape.setAttribute('stroke-width', tip ? 3 : 1);
    }
    block.querySelectorAll('text')[1].textContent = position < 0 ? '–' : '#' + position;
  });
  slider.value = step;
  caption.textContent = 'Step ' + (step + 1) + ' of ' + film.steps.length + '. ' + film.steps[step].caption;
}
const last = film.steps.length - 1;
const go = (step) => show(Math.max(0, Math.min(last, step)));
let timer;
function stop() { clearInterval(timer); timer = undefined; play.textContent = 'Play'; }
slider.max = last;
slider.addEventListener('input', () => { stop(); go(Number(slider.value)); });
document.getElementById('back').addEventListener('click', () => { stop(); go(Number(slider.value) - 1); });
document.getElementById('on').addEventListener('click', () => { stop(); go(Number(slider.value) + 1); });
play.addEventListener('click', () => {
  if (timer) return stop();
  play.textContent = 'Pause';
  if (Number(slider.value) === last) go(0);
  timer = setInterval(() => { if (Number(slider.value) === last) stop(); else go(Number(slider.value) + 1); }, 400);
});
document.addEventListener('keydown', (event) => {
  if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') {
    event.preventDefault();
    stop();
    go(Number(slider.value) + (event.key === 'ArrowRight' ? 1 : -1));
  }
});
show(last);
`;

/** A page that needs nothing but itself: no network, no other file. */
export function page({ title, about, svg, film }: PageContent): string {
  const sample = (name: keyof typeof COLOURS, text: string) =>
    `<span style="background:${COLOURS[name].fill};border-color:${COLOURS[name].border}">${text}</span>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(about)}</p>
<p class="legend">${sample('blue', 'blue')}${sample('red', 'red')} #n: place in the order. Thick edge: selected parent. Thick border: tip. Time goes to the right.</p>
${film ? CONTROLS : ''}<div class="picture">${svg}</div>
${film ? `<script type="application/json" id="film">${dataOf(film)}</script>\n<script>${SCRIPT}</script>\n` : ''}</body>
</html>
`;
}

const CONTROLS = `<div class="controls">
<button id="back" title="or the left arrow key">◀</button><input type="range" id="step" min="0" value="0" aria-label="Step"><button id="on" title="or the right arrow key">▶</button><button id="play">Play</button>
</div>
<p id="caption" aria-live="polite"></p>
`;

function dataOf({ hashes, steps }: Film): string {
  const data = { ids: hashes.map(elementId), colours: COLOURS, steps };
  // A text that ends the script element early must not occur in it.
  return JSON.stringify(data).replace(/</gu, '\\u003c');
}

function escapeHtml(text: string): string {
  return text.replace(/&/gu, '&amp;').replace(/</gu, '&lt;').replace(/>/gu, '&gt;');
}
