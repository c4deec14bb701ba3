import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';

/** The name that the shell puts before its own messages, such as "lpv-shell: exec: stat: not found". */
const shellName = 'lpv-shell';

/** The program that a connection starts: a POSIX shell with the loop of shell-session.sh. */
export const shellArgv: readonly [string, ...string[]] = [
  'sh',
  '-c',
  readFileSync(new URL('shell-session.sh', import.meta.url), 'utf8'),
  shellName,
];

/** The end of a shell. */
export interface ShellEnd {
  /** `lost`: the connection is gone, so the end of the shell is not known. */
  kind: 'not started' | 'ended' | 'lost';
  /** For messages, such as "exit status 137". */
  how: string;
  /** The exit status of the program that held the connection, if there is one. */
  status?: number;
}

/** The connection to a shell that was started with {@link shellArgv}. Input is buffered until the shell has started. */
export interface ShellConnection {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the shell or its connection is gone and no more output arrives. Never rejects. */
  readonly ended: Promise<ShellEnd>;
  write(text: string): void;
  /** Closes the shell's standard input, which ends the shell and what runs in it. */
  close(): void;
}

interface Outputs {
  /** UTF-8 text. */
  stdout: string;
  stderr: string;
}

/** The outcome of a command in a shell. The session is over unless the command ended by itself. */
export type ShellOutcome = Outputs &
  (
    | { kind: 'ended'; status: number /** There is no such program, or it cannot be run. */; notStarted: boolean }
    | { kind: 'late' }
    /** The shell was gone before it reported the command's end. If it had not opened, the command did not run. */
    | { kind: 'shell gone'; opened: boolean; end: ShellEnd }
  );

/** A command for a shell. Its standard input is empty. */
export interface ShellCommand {
  argv: readonly string[];
  /** Milliseconds after which the command is killed. */
  deadline: number;
  signal?: AbortSignal | undefined;
}

interface Run {
  id: string;
  stdout?: MarkedPart;
  stderr?: MarkedPart;
  settle: (outcome: ShellOutcome) => void;
}

/**
 * An open shell in a node or a container. It runs one command after another, at a fraction of the cost of starting a
 * process there. Arguments are data: nothing is inserted into the text of a script. A program that stays in the
 * background and keeps its standard output open is not awaited. Its later output is lost, or appears in the output of
 * the next command, so redirect the outputs of such programs.
 */
export class ShellSession {
  readonly #connection: ShellConnection;
  /** Ends each output. It reaches the shell through standard input only, so that no process list shows it. */
  readonly #nonce = randomBytes(16).toString('hex');
  readonly #stdout = new MarkedOutput(this.#nonce);
  readonly #stderr = new MarkedOutput(this.#nonce);
  #commands = 0;
  #opened = false;
  #over = false;
  #running: Run | undefined;

  constructor(connection: ShellConnection) {
    this.#connection = connection;
    connection.stdout.on('data', (bytes: Buffer) => this.#onStdout(this.#stdout.feed(bytes)));
    connection.stderr.on('data', (bytes: Buffer) => this.#onStderr(this.#stderr.feed(bytes)));
    // `ended` reports the end; without a listener, a broken pipe would end this process.
    for (const stream of [connection.stdout, connection.stderr]) stream.on('error', () => {});
    void connection.ended.then((end) => {
      this.#over = true;
      this.#running?.settle({ kind: 'shell gone', opened: this.#opened, end, ...this.#outputs() });
    });
    connection.write(`${this.#nonce}\n`);
  }

  /** Whether the shell has ended or was closed. */
  get over(): boolean {
    return this.#over;
  }

  /** Whether a command is running. */
  get busy(): boolean {
    return this.#running !== undefined;
  }

  /**
   * Runs a command. The session must be neither over nor busy. Rejects with the signal's reason only. A command that is
   * late or aborted is killed, and the session is then over.
   */
  async run({ argv, deadline, signal }: ShellCommand): Promise<ShellOutcome> {
    if (this.#over || this.#running) throw new Error(`the shell is ${this.#over ? 'over' : 'busy'}`);
    signal?.throwIfAborted();
    const id = String(++this.#commands);
    let timer: NodeJS.Timeout | undefined;
    let abort = (): void => {};
    let ended = false;
    try {
      const outcome = await new Promise<ShellOutcome>((resolve, reject) => {
        this.#running = { id, settle: resolve };
        timer = setTimeout(() => resolve({ kind: 'late', ...this.#outputs() }), deadline);
        abort = () => reject(signal?.reason);
        signal?.addEventListener('abort', abort);
        this.#connection.write(encodeCommand(id, argv));
      });
      ended = outcome.kind === 'ended';
      return outcome;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      this.#running = undefined;
      if (!ended) this.close();
    }
  }

  /** Closes the shell, and ends what runs in it. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#connection.close();
  }

  #onStdout(parts: MarkedPart[]): void {
    for (const part of parts) {
      if (part.words[0] === 'open') this.#opened = true;
      else if (this.#running && part.words[0] === this.#running.id) this.#running.stdout = part;
    }
    this.#finish();
  }

  #onStderr(parts: MarkedPart[]): void {
    for (const part of parts) if (this.#running && part.words[0] === this.#running.id) this.#running.stderr = part;
    this.#finish();
  }

  #finish(): void {
    if (!this.#running?.stdout || !this.#running.stderr) return;
    const { stdout, stderr, settle } = this.#running;
    const status = Number(stdout.words[1]);
    const texts = { stdout: stdout.output.toString(), stderr: stderr.output.toString() };
    const notStarted = (status === 126 || status === 127) && texts.stderr.startsWith(`${shellName}: `);
    settle({ kind: 'ended', status, notStarted, ...texts });
  }

  #outputs(): Outputs {
    const stdout = this.#running?.stdout?.output ?? this.#stdout.rest;
    const stderr = this.#running?.stderr?.output ?? this.#stderr.rest;
    return { stdout: stdout.toString(), stderr: stderr.toString() };
  }
}

/**
 * Returns whether the loop can run a command: its program's name must not look like an option of `exec`, and no word
 * may contain NUL.
 */
export function fitsShell(argv: readonly string[]): boolean {
  return argv.length > 0 && !/^-|^$/.test(argv[0] ?? '') && argv.every((word) => !word.includes('\0'));
}

/** Returns a command as lines for shell-session.sh. */
function encodeCommand(id: string, argv: readonly string[]): string {
  const words = argv.map((word) => word.replaceAll('\\', '\\\\').replaceAll('\n', '\\n'));
  return `${[`${id} ${argv.length}`, ...words].join('\n')}\n`;
}

/** The output before a marker, and the words after the nonce in the marker. */
export interface MarkedPart {
  output: Buffer;
  words: string[];
}

/**
 * Splits an output stream of the shell loop into parts, each ended by a marker: the nonce, words, a newline. A marker
 * may begin in the middle of a line, after output without a newline at its end, and may span several chunks.
 */
export class MarkedOutput {
  readonly #nonce: Buffer;
  #chunks: Buffer[] = [];
  /** Bytes that are, or may become, part of a marker. */
  #tail: Buffer = Buffer.alloc(0);

  constructor(nonce: string) {
    this.#nonce = Buffer.from(nonce);
  }

  /** Takes a chunk, and returns the parts that it completes. */
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

  /** The output since the last marker. */
  get rest(): Buffer {
    return Buffer.concat([...this.#chunks, this.#tail]);
  }

  /** Moves the first bytes of the tail to the output. */
  #settle(length: number): void {
    if (length === 0) return;
    this.#chunks.push(this.#tail.subarray(0, length));
    this.#tail = this.#tail.subarray(length);
  }
}
