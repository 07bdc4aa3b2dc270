import type { Hash } from '../../src/util/hash.ts';
import type { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import {
  type BlockMessage,
  FRAME_HEADER_SIZE,
  InvType,
  type Message,
  type TxMessage,
  UNKNOWN_HEIGHT,
} from '../../src/wire/index.ts';
import { malleated } from '../simulation/hostile/forgers.ts';
import { frame } from '../simulation/hostile/session.ts';
import type { FuzzChain } from './chain.ts';
import type { Sample } from './corpus.ts';
import { drawCommand, FINAL_COMMANDS, StrangeMessages } from './meaning.ts';
import { frameOf, mutateFrame, mutatePayload } from './mutations.ts';

/** What is done to a message before it is sent. */
export const FAMILIES = ['payload', 'meaning', 'conversation', 'valid', 'framing'] as const;
export type Family = (typeof FAMILIES)[number];

/** One message to send. */
export interface Shot {
  readonly family: Family;
  /** What it claims or claimed to be. */
  readonly command: string;
  readonly bytes: Uint8Array;
  /** What the message announces and the sender hands out when asked for it. */
  readonly offer?: Offer;
}

/** An announced block or transaction, and the frame that is delivered for it. */
export interface Offer {
  readonly hash: Hash;
  readonly command: 'block' | 'tx';
  readonly bytes: Uint8Array;
}

/** What messages are made from; shared by all connections. */
export interface Ammunition {
  readonly chain: FuzzChain;
  /** Well-formed messages by command. */
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
  /** What others have said in recordings; may be empty. */
  readonly conversations: readonly (readonly Sample[])[];
}

/** Share of each family, of a hundred. Broken framing ends a connection, so it is rare inside of them. */
const SHARES: Readonly<Record<Family, number>> = { payload: 30, meaning: 40, conversation: 18, valid: 10, framing: 2 };
/** Messages of a conversation that are changed. */
const SPOILED_SHARE = 0.3;
/** Messages of a conversation that would end the connection and are left out. */
const SKIPPED_SHARE = 0.95;
/** Blocks and transactions that are announced first: what nobody has asked for does not get far. */
const OFFERED_SHARE = 0.9;
/** Announced blocks of which an altered copy is delivered, and announced things with some bytes changed. */
const ALTERED_SHARE = 0.15;
const SPOILED_OFFERS = 0.2;

/** The messages of one connection; equal for equal randomness. */
export class Traffic {
  readonly #random: SeededRandom;
  readonly #ammunition: Ammunition;
  readonly #strange: StrangeMessages;
  readonly #all: readonly Sample[];
  /** The conversation that is being repeated, and how far. */
  #said: readonly Sample[] = [];
  #next = 0;

  constructor(ammunition: Ammunition, random: SeededRandom) {
    this.#ammunition = ammunition;
    this.#random = random;
    this.#strange = new StrangeMessages(ammunition.chain, random.fork('meaning'));
    this.#all = [...ammunition.samples.values()].flat();
  }

  /** The next message. */
  next(): Shot {
    const family = this.#family();
    switch (family) {
      case 'payload':
        return this.#spoiled(family, this.#sample());
      case 'meaning': {
        const message = this.#strange.next();
        const isOffer = message.command === 'block' || message.command === 'tx';
        if (isOffer && this.#random.chance(OFFERED_SHARE)) return this.#offer(message);
        return { family, command: message.command, bytes: frame(message, this.#ammunition.chain.params) };
      }
      case 'conversation': {
        const said = this.#continue();
        return this.#random.chance(SPOILED_SHARE) ? this.#spoiled(family, said) : this.#shot(family, said);
      }
      case 'valid':
        return this.#shot(family, this.#sample());
      case 'framing': {
        const shot = this.#shot(family, this.#sample());
        return { ...shot, bytes: mutateFrame(shot.bytes, this.#random) };
      }
    }
  }

  /** What is sent instead of a proper introduction: part of one, another message, or bytes without sense. */
  raw(): Shot {
    const random = this.#random;
    const version = frame(this.#strange.version(), this.#ammunition.chain.params);
    const shot = { family: 'framing', command: 'version' } as const;
    if (random.chance(0.3)) return { ...shot, bytes: mutateFrame(version, random) };
    if (random.chance(0.5)) return this.next();
    const payload = mutatePayload(version.subarray(FRAME_HEADER_SIZE), random, this.#sample().payload);
    return { family: 'payload', command: 'version', bytes: this.#frame('version', payload) };
  }

  /** Announces a block or transaction. */
  #offer(message: BlockMessage | TxMessage): Shot {
    const random = this.#random;
    const { params } = this.#ammunition.chain;
    const { command } = message;
    const isBlock = command === 'block';
    const hash = isBlock ? message.block.hash : message.tx.txid;
    const altered: Message =
      isBlock && random.chance(ALTERED_SHARE)
        ? { command, block: malleated(message.block, { random, clocksAgree: false }) }
        : message;
    const payload = frame(altered, params).subarray(FRAME_HEADER_SIZE);
    const bytes = random.chance(SPOILED_OFFERS)
      ? this.#frame(command, mutatePayload(payload, random, this.#sample().payload))
      : this.#frame(command, payload);
    const vector = {
      type: isBlock ? InvType.block : InvType.tx,
      hash,
      height: isBlock
        ? random.pick([UNKNOWN_HEIGHT, this.#ammunition.chain.blocks.at(-1)!.height + 1])
        : UNKNOWN_HEIGHT,
    };
    const announcement = frame({ command: 'inv', inventory: [vector] }, params);
    return { family: 'meaning', command, bytes: announcement, offer: { hash, command, bytes } };
  }

  #family(): Family {
    let at = this.#random.below(100);
    for (const family of FAMILIES) {
      at -= SHARES[family];
      if (at < 0) return family;
    }
    return 'valid';
  }

  #sample(): Sample {
    const { samples } = this.#ammunition;
    return this.#random.pick(samples.get(drawCommand(this.#random)) ?? this.#all);
  }

  #continue(): Sample {
    const { conversations } = this.#ammunition;
    if (this.#next >= this.#said.length) {
      this.#said = conversations.length > 0 ? this.#random.pick(conversations) : [this.#sample()];
      this.#next = this.#random.below(this.#said.length);
    }
    const said = this.#said[this.#next++]!;
    // Every conversation begins with an introduction, which this one has behind it.
    const isFinal = FINAL_COMMANDS.includes(said.command);
    return isFinal && this.#random.chance(SKIPPED_SHARE) ? this.#sample() : said;
  }

  #spoiled(family: Family, { command, payload }: Sample): Shot {
    const other = this.#random.pick(this.#all).payload;
    const bytes = this.#frame(command, mutatePayload(payload, this.#random, other));
    return { family, command, bytes };
  }

  #shot(family: Family, { command, payload }: Sample): Shot {
    return { family, command, bytes: this.#frame(command, payload) };
  }

  #frame(command: string, payload: Uint8Array): Uint8Array {
    return frameOf(this.#ammunition.chain.params.magic, command, payload);
  }
}
