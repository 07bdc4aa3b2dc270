import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeFolder } from './folders.ts';

let place: string;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'soterd-folders-'));
});

afterEach(() => rmSync(place, { recursive: true }));

test('folders are made as far as they are missing', () => {
  const path = join(place, 'a/b/c');
  makeFolder(path);
  makeFolder(path);
  expect(statSync(join(place, 'a')).mode & 0o777).toBe(0o700);
  symlinkSync(path, join(place, 'link'));
  makeFolder(join(place, 'link/d'));
  expect(statSync(join(path, 'd')).isDirectory()).toBe(true);
});

test('the error is that of the system', () => {
  writeFileSync(join(place, 'file'), '');
  expect(() => makeFolder(join(place, 'file'))).toThrow(/EEXIST/u);
  expect(() => makeFolder(join(place, 'file/a/b'))).toThrow(/ENOTDIR/u);
});

test.runIf(process.platform === 'linux')(
  'a file system in which nothing can be made is not tried again and again',
  () => {
    expect(() => makeFolder('/proc/none/a')).toThrow(/ENOENT.*\/proc\/none'/u);
  },
);
