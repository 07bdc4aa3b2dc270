import { mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TextFile } from './state-file.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'soterd-files-'));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

test('a file that does not exist is undefined', async () => {
  expect(await new TextFile(join(folder, 'x')).load()).toBeUndefined();
});

test('saves replace the content in order and leave nothing beside it', async () => {
  const file = new TextFile(join(folder, 'x'));
  await Promise.all(['1', '22', '333'].map((text) => file.save(text)));
  expect(await file.load()).toBe('333');
  expect(await readdir(folder)).toEqual(['x']);
});

test('a save that fails does not block the next one', async () => {
  const file = new TextFile(join(folder, 'missing', 'x'));
  await expect(file.save('a')).rejects.toThrow('ENOENT');
  await expect(file.save('b')).rejects.toThrow('ENOENT');
});

test('a save that runs out of space keeps the old content and leaves no piece behind', async () => {
  const file = new TextFile(join(folder, 'x'));
  await file.save('old');
  const handle = await open(join(folder, 'y'), 'w');
  const prototype: Pick<typeof handle, 'writeFile'> = Object.getPrototypeOf(handle);
  await handle.close();
  await rm(join(folder, 'y'));
  const full = vi.spyOn(prototype, 'writeFile').mockRejectedValueOnce(new Error('ENOSPC: no space left on device'));
  await expect(file.save('new')).rejects.toThrow('ENOSPC');
  expect(full).toHaveBeenCalledOnce();
  expect([await file.load(), await readdir(folder)]).toEqual(['old', ['x']]);
  await file.save('new');
  expect([await file.load(), await readdir(folder)]).toEqual(['new', ['x']]);
});

test('what cannot be replaced leaves no piece behind either', async () => {
  const file = new TextFile(folder);
  await expect(file.save('text')).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/u);
  expect((await readdir(dirname(folder))).filter((name) => name === `${basename(folder)}.new`)).toEqual([]);
});

test('a file of a size that none of ours has is not read', async () => {
  await writeFile(join(folder, 'x'), 'text');
  await truncate(join(folder, 'x'), 64 * 1024 * 1024 + 1);
  await expect(new TextFile(join(folder, 'x')).load()).rejects.toThrow('the file has 67108865 bytes');
});

test('a file is set aside under another name; without a file nothing happens', async () => {
  const file = new TextFile(join(folder, 'x'));
  await file.setAside();
  await file.save('bad');
  await file.setAside();
  expect(await file.load()).toBeUndefined();
  expect(await readFile(join(folder, 'x.corrupt'), 'utf8')).toBe('bad');
});
