import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Logs } from './logs.ts';
import { RotatingFile } from './rotating-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'soterd-logs-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A sink that remembers what was written. */
function memory() {
  const texts: string[] = [];
  return { write: (text: string) => texts.push(text), text: () => texts.join('') };
}

function setUp(flags?: string) {
  const output = memory();
  const early = memory();
  const clock = { now: () => new Date(2026, 10, 22, 9, 5, 7, 42).getTime(), monotonic: () => 0 };
  return { output, early, logs: new Logs({ clock, output, early, flags }) };
}

describe('Logs', () => {
  test('messages are plain on the early sink until a file is open, then lines on both', async () => {
    const { logs, output, early } = setUp();
    logs.logger('SOTERD').warn('too soon');
    logs.open(join(folder, 'deep', 'soterd.log'));
    logs.logger('RPCS').error('hello');
    logs.logger('CHAN').debug('dropped');
    await logs.close();
    expect(early.text()).toBe('too soon\n');
    expect(output.text()).toBe('2026-11-22 09:05:07.042 [ERR] RPCS: hello\n');
    expect(readFileSync(join(folder, 'deep', 'soterd.log'), 'utf8')).toBe(output.text());
    expect(statSync(join(folder, 'deep')).mode & 0o777).toBe(0o700);
  });

  test('what others word can forge no line and command no terminal', async () => {
    const { logs, output } = setUp();
    logs.open(join(folder, 'soterd.log'));
    logs.logger('SRVR').info('New peer (/x\u001b[2J\u009b/\r\n2026-11-22 [CRT] SRVR: all is lost) on München');
    await logs.close();
    expect(output.text()).toBe(
      '2026-11-22 09:05:07.042 [INF] SRVR: New peer (/x?[2J?/?\n    2026-11-22 [CRT] SRVR: all is lost) on München\n',
    );
  });

  test('lines are written before the turn of the event loop ends', async () => {
    const { logs, output } = setUp();
    logs.open(join(folder, 'soterd.log'));
    logs.logger('SYNC').info('a');
    logs.logger('SYNC').info('b');
    await Promise.resolve();
    expect(output.text().split('\n')).toHaveLength(3);
    await logs.close();
  });

  test('levels change while running, per subsystem, up to the first mistake', () => {
    const { logs } = setUp();
    expect(logs.logger('PEER').enabled('debug')).toBe(false);
    expect(logs.setLevels('PEER=debug,XXXX=info')).toMatch(/^The specified subsystem \[XXXX\] is invalid/u);
    expect(logs.logger('PEER').enabled('debug')).toBe(true);
    expect(logs.logger('SYNC').enabled('debug')).toBe(false);
    expect(logs.setLevels('error')).toBeUndefined();
    expect(logs.logger('PEER').enabled('warn')).toBe(false);
    expect(logs.setLevels('RPCS=trace=debug')).toBeUndefined();
    expect(logs.logger('RPCS').enabled('trace')).toBe(true);
  });

  test('LOGFLAGS adds the place of the call', async () => {
    const { logs, output } = setUp('shortfile');
    logs.open(join(folder, 'soterd.log'));
    logs.logger('SYNC').info('here');
    await logs.close();
    expect(output.text()).toMatch(/\[INF\] SYNC logs\.test\.ts:\d+: here\n$/u);
  });
});

describe('what can go wrong', () => {
  test.runIf(existsSync('/dev/full'))('a log file without room costs its lines, not the node', async () => {
    const { logs, output, early } = setUp();
    logs.open('/dev/full');
    for (const message of ['one', 'two']) {
      logs.logger('SYNC').info(message);
      logs.flush();
    }
    await logs.close();
    expect(output.text()).toMatch(/one\n.*two\n$/u);
    expect(early.text()).toMatch(/^The log file can not be written, its lines are lost: ENOSPC.*\n$/u);
  });

  test('JSON lines keep what would break a line', async () => {
    const { logs, output } = setUp('shortfile');
    logs.open(join(folder, 'soterd.log'));
    logs.setFormat('json');
    logs.logger('RPCS').warn('a "b"\nc');
    await logs.close();
    expect(output.text().split('\n')).toHaveLength(2);
    expect(JSON.parse(output.text())).toEqual({
      time: new Date(2026, 10, 22, 9, 5, 7, 42).toISOString(),
      level: 'warn',
      subsystem: 'RPCS',
      source: expect.stringMatching(/^logs\.test\.ts:\d+$/u),
      message: 'a "b"\nc',
    });
  });
});

describe('RotatingFile', () => {
  test('renames and compresses full files, keeps the newest three, numbers on', async () => {
    const path = join(folder, 'soterd.log');
    const file = new RotatingFile(path, { maxSize: 10, keep: 3 });
    for (let i = 0; i < 5; i++) file.write(`line ${i} 789\n`);
    file.write('rest\n');
    await file.close();
    expect(readdirSync(folder).sort()).toEqual(['soterd.log', 'soterd.log.3.gz', 'soterd.log.4.gz', 'soterd.log.5.gz']);
    expect(gunzipSync(readFileSync(`${path}.5.gz`)).toString()).toBe('line 4 789\n');
    expect(readFileSync(path, 'utf8')).toBe('rest\n');

    const again = new RotatingFile(path, { maxSize: 10, keep: 3 });
    again.write('more than ten\n');
    await again.close();
    expect(readdirSync(folder).sort()).toEqual(['soterd.log', 'soterd.log.4.gz', 'soterd.log.5.gz', 'soterd.log.6.gz']);
  });
});
