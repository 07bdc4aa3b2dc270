import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TextFile } from './state-file.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'soterd-files-'));
});

afterEach(() => rm(folder, { recursive: true }));

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

test('a file is set aside under another name; without a file nothing happens', async () => {
  const file = new TextFile(join(folder, 'x'));
  await file.setAside();
  await file.save('bad');
  await file.setAside();
  expect(await file.load()).toBeUndefined();
  expect(await readFile(join(folder, 'x.corrupt'), 'utf8')).toBe('bad');
});
