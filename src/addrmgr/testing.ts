import type { PeersFile } from './types.ts';

/** A file in memory whose failures a test decides. */
export class MemoryFile implements PeersFile {
  content: string | undefined;
  /** What was set aside. */
  readonly aside: string[] = [];
  saves = 0;
  /** Thrown by every operation while set. */
  failure: Error | undefined;

  constructor(content?: string) {
    this.content = content;
  }

  load(): Promise<string | undefined> {
    return this.failure ? Promise.reject(this.failure) : Promise.resolve(this.content);
  }

  save(text: string): Promise<void> {
    if (this.failure) return Promise.reject(this.failure);
    this.saves++;
    this.content = text;
    return Promise.resolve();
  }

  setAside(): Promise<void> {
    if (this.failure) return Promise.reject(this.failure);
    if (this.content !== undefined) this.aside.push(this.content);
    this.content = undefined;
    return Promise.resolve();
  }
}
