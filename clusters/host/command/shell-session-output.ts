/** What stood before a marker, and the words behind the nonce in it. */
export interface MarkedPart {
  output: Buffer;
  words: string[];
}

/**
 * Divides an output stream of the shell loop into parts, each ended by a marker: the nonce, words, a newline. A marker
 * may begin in the middle of a line, where a command's output has no newline at its end, and be spread over chunks.
 */
export class MarkedOutput {
  readonly #nonce: Buffer;
  #chunks: Buffer[] = [];
  /** What may still be, or become, a part of a marker. */
  #tail: Buffer = Buffer.alloc(0);

  constructor(nonce: string) {
    this.#nonce = Buffer.from(nonce);
  }

  /** Takes bytes as they come; gives the parts that they complete. */
  feed(bytes: Buffer): MarkedPart[] {
    this.#tail = Buffer.concat([this.#tail, bytes]);
    const parts: MarkedPart[] = [];
    for (;;) {
      const start = this.#tail.indexOf(this.#nonce);
      this.#settle(start >= 0 ? start : Math.max(0, this.#tail.length - this.#nonce.length + 1));
      const end = start >= 0 ? this.#tail.indexOf('\n') : -1;
      if (end < 0) return parts;
      const words = this.#tail.toString('latin1', this.#nonce.length, end).trim().split(' ');
      parts.push({ output: Buffer.concat(this.#chunks), words });
      this.#chunks = [];
      this.#tail = this.#tail.subarray(end + 1);
    }
  }

  /** What has come since the last marker. */
  get rest(): Buffer {
    return Buffer.concat([...this.#chunks, this.#tail]);
  }

  /** Takes the first bytes of the tail for output. */
  #settle(length: number): void {
    if (length === 0) return;
    this.#chunks.push(this.#tail.subarray(0, length));
    this.#tail = this.#tail.subarray(length);
  }
}
