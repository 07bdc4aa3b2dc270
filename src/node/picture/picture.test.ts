import { createContext, Script } from 'node:vm';
import { afterEach, describe, expect, test } from 'vitest';
import type { PicturedBlock } from './blocks.ts';
import { COLOURS, elementId, toDot } from './dot.ts';
import { Film } from './film.ts';
import { page } from './page.ts';
import { Renderer } from './renderer.ts';

const hashOf = (n: number): string => n.toString(16).padStart(64, '0');

function block(n: number, parents: readonly number[], changes: Partial<PicturedBlock> = {}): PicturedBlock {
  const height = n;
  const base = { hash: hashOf(n), height, isBlue: true, isTip: false, position: n, transactions: 1 };
  return { ...base, parents: parents.map(hashOf), ...changes };
}

/** 0 <- 1, 2 <- 3, where 2 is red and in the end 1 and 2 change places. */
const FORK = [
  block(0, []),
  block(1, [0], { position: 2 }),
  block(2, [0], { height: 1, isBlue: false, position: 1 }),
  block(3, [2, 1], { height: 2, isTip: true }),
];

const renderer = new Renderer();
afterEach(() => renderer.close());

describe('a picture', () => {
  test('names colours, order, selected parents and tips', () => {
    const dot = toDot(FORK);
    const [zero, one, two, three] = FORK.map(({ hash }) => elementId(hash));
    const lineOf = (start: string) => dot.split('\n').find((line) => line.startsWith(start)) ?? '';
    expect(lineOf(`${two} [`)).toContain(`fillcolor="${COLOURS.red.fill}"`);
    expect(lineOf(`${one} [`)).toContain(`fillcolor="${COLOURS.blue.fill}"`);
    expect(lineOf(`${one} [`)).toContain('\\n#2"');
    expect(lineOf(`${three} [`)).toContain('penwidth=3');
    expect(lineOf(`${three} -> ${two}`)).toContain('penwidth=2');
    expect(lineOf(`${three} -> ${one}`)).not.toContain('penwidth');
    expect(lineOf(`${one} -> ${zero}`)).toContain('penwidth=2');
    expect(dot).toContain(`{ rank=same; ${one}; ${two} }`);
  });

  test('leaves out parents that it does not show, and marks blocks outside of the order', () => {
    const dot = toDot([block(7, [6, 5], { position: undefined })]);
    expect(dot).not.toContain('->');
    expect(dot).toContain('\\n–"');
  });

  test('is drawn in a thread that is started again when it is needed again', async () => {
    const svg = await renderer.svg(toDot(FORK));
    expect(svg).toMatch(/^<svg /u);
    for (const { hash, height } of FORK) {
      expect(svg).toContain(`id="${elementId(hash)}"`);
      expect(svg).toContain(`<title>${hash}&#10;height ${height}, 1 transactions</title>`);
    }
    expect(svg.match(/<title>/gu)).toHaveLength(FORK.length);
    await expect(renderer.svg('digraph {')).rejects.toThrow('the picture can not be drawn: ');
    expect(await renderer.svg('digraph { a }')).toContain('</svg>');
  });

  test('waits in a short queue, and not for a node that stops', async () => {
    const many = Array.from({ length: 6 }, () => renderer.svg(toDot(FORK)).catch((error: Error) => error.message));
    expect(await many[5]).toBe('too many pictures are being drawn, try again later');
    await renderer.close();
    expect(await many[3]).toContain('the node is stopping');
  });
});

describe('a film', () => {
  function fork(): Film {
    const film = new Film();
    film.add([block(0, [], { isTip: true })]);
    film.add([block(0, []), block(1, [0], { isTip: true })]);
    film.add([block(0, []), block(1, [0], { isTip: true }), block(2, [0], { isTip: true, height: 1 })]);
    film.add(FORK);
    return film;
  }

  test('holds what changed with each step and says it', () => {
    const film = fork();
    film.add(FORK);
    expect(film.steps.map(({ caption }) => caption)).toEqual([
      'Block 0000000 at height 0 with 0 parents: blue, number 0 of the order',
      'Block 0000001 at height 1 with 1 parent: blue, number 1 of the order',
      'Block 0000002 at height 1 with 1 parent: blue, number 2 of the order',
      'Block 0000003 at height 2 with 2 parents: blue, number 3 of the order; 1 changed colour; 2 moved in the order',
    ]);
    expect(film.steps[3].looks).toEqual([
      [1, 1, 0, 2],
      [2, 0, 0, 1],
      [3, 1, 1, 3],
    ]);
    expect(film.hashes).toEqual([0, 1, 2, 3].map(hashOf));
  });

  test('is played by a page that needs nothing else', async () => {
    const film = fork();
    const html = page({ title: 'A <b>', about: '&', svg: await renderer.svg(toDot(film.blocks)), film });
    expect(html).toContain('<h1>A &lt;b&gt;</h1>');
    expect(html).not.toMatch(/(?:src|href)=|@import|url\(/u);
    const browser = browse(html);
    const shown = () => film.hashes.map((hash) => browser.block(hash).style.display !== 'none');
    expect(shown()).toEqual([true, true, true, true]);
    expect(browser.text('caption')).toMatch(/^Step 4 of 4\. Block 0000003/u);
    expect(browser.block(hashOf(2)).texts[1].textContent).toBe('#1');
    expect(browser.block(hashOf(2)).shape.fill).toBe(COLOURS.red.fill);
    browser.click('back');
    expect(shown()).toEqual([true, true, true, false]);
    expect(browser.block(hashOf(2)).texts[1].textContent).toBe('#2');
    expect(browser.block(hashOf(2)).shape).toMatchObject({ fill: COLOURS.blue.fill, 'stroke-width': 3 });
    browser.click('back');
    browser.click('back');
    browser.click('back');
    expect(shown()).toEqual([true, false, false, false]);
    browser.click('on');
    expect(browser.text('caption')).toMatch(/^Step 2 of 4\./u);
  });
});

/** As much of a browser as the page needs. */
function browse(html: string) {
  const [, json] = /<script type="application\/json" id="film">(.*?)<\/script>/su.exec(html) ?? [];
  const [, script] = /<script>(.*?)<\/script>/su.exec(html) ?? [];
  const element = () => {
    const shape: Record<string, unknown> = {};
    const texts = [{ textContent: '' }, { textContent: '' }];
    const listeners = new Map<string, () => void>();
    return {
      style: { display: '' },
      textContent: '',
      value: '0' as string | number,
      shape,
      texts,
      listeners,
      addEventListener: (name: string, listener: () => void) => listeners.set(name, listener),
      querySelectorAll: (selector: string) =>
        selector === 'text' ? texts : [{ setAttribute: (name: string, value: unknown) => (shape[name] = value) }],
    };
  };
  const elements = new Map<string, ReturnType<typeof element>>();
  const byId = (id: string) => {
    if (!html.includes(`id="${id}"`)) throw new Error(`no element ${id}`);
    const found = elements.get(id) ?? element();
    elements.set(id, found);
    return found;
  };
  byId('film').textContent = json ?? '';
  const document = { getElementById: byId, querySelectorAll: () => [], addEventListener: () => undefined };
  new Script(script ?? '').runInContext(createContext({ document, setInterval, clearInterval }));
  return {
    block: (hash: string) => byId(elementId(hash)),
    text: (id: string) => byId(id).textContent,
    click: (id: string) => byId(id).listeners.get('click')?.(),
  };
}
