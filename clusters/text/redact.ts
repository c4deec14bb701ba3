import { stripVTControlCharacters } from 'node:util';

const removed = '[removed]';

/** Names of fields whose value is a secret, in kubeconfig files, Kubernetes objects and program options. */
const secretField =
  /^(?:client-key-data|clientKeyData|token|access[-_]?token|id[-_]?token|refresh[-_]?token|bearer[-_]?token|password|passwd|client[-_]?secret|certificate-?key)$/i;

const privateKeyBlock = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
const bearer = /\b(bearer\s+)[A-Za-z0-9._~+/=-]{8,}/gi;
const jwt = /\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g;
/** User and password of a URL, even if the password contains an @. */
const urlCredentials = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/'"]+@/gi;
/** Credentials of HTTP's Basic scheme, if the base64 is that of `user:password`. */
const basic = /\b(basic\s+)([A-Za-z0-9+/]{4,}={0,2})/gi;
/** An environment variable or a setting of npm that ends in the name of a secret, with its value. */
const secretSetting =
  /(?<![A-Za-z0-9_])([A-Za-z0-9_]*_(?:(?:auth_?)?token|password|passwd|secret|api_?key|access_?key)["']?\s*[:=]\s*["']?)(?!(?:true|false|null|\d+)\b)([^\s"',}\\]+)/gi;
/** An option with a secret value as the next word. */
const option = /(--(?:token|password|certificate-key)\s+)[^\s'"]+/g;
/** Base64 of `-----BEGIN `, with what follows. */
const encodedPem = /LS0tLS1CRUdJTi[A-Za-z0-9+/]+={0,2}/g;
/** A bootstrap token of kubeadm. Names of events look alike, and are not secret. */
const bootstrapToken = /(?<![\w.-])[a-z0-9]{6}\.[a-z0-9]{16}(?![\w-]|\.\w)/g;
const mentionsSecret = /kind\\?["']?\s*:\s*\\?["']?Secret\b/;
/** The data of a Secret as YAML has it: the key, and all that is indented deeper. */
const secretDataBlock = /^([ \t]*)((?:- )?(?:data|stringData):)[ \t]*\n(?:\1[ \t]+\S.*(?:\n|$)|[ \t]*\n)+/gm;
/** The same as JSON has it, also as text within text. */
const secretDataBraces = /(\b(?:data|stringData)\\?["']?\s*:\s*)\{[^{}]*\}/g;
/** A secret field with its value on the same line, as YAML, JSON or an option writes it. */
const fieldOnLine =
  /(["']?\b(?:client-key-data|(?:access[-_]?|id[-_]?|refresh[-_]?|bearer[-_]?)?token|password|passwd|client[-_]?secret|certificate-key)["']?\s*[:=]\s*)("[^"\n]*"|'[^'\n]*'|[^\s"',}]+)/gi;

/**
 * Returns a copy without bearer tokens, private keys, kubeconfig credentials, JWT-like strings, bootstrap tokens,
 * credentials in URLs, values of variables such as NPM_TOKEN, and the data of Secrets. Also removes terminal codes, and
 * the `managedFields` of objects, which make evidence hard to read. Own code: log redaction libraries remove known
 * paths of objects, and our secrets stand in free text.
 */
export function redact(content: string): string;
export function redact(content: unknown): unknown;
export function redact(content: unknown): unknown {
  return typeof content === 'string' ? redactText(content) : redactCopy(content);
}

/**
 * Returns a text that every format can hold: without terminal codes, and without the control characters and lone
 * surrogates that XML 1.0, the strictest, refuses. Lines end with a line feed.
 */
export function plainText(text: string): string {
  const plain = stripVTControlCharacters(text).replace(/\r\n?/g, '\n');
  return plain.replace(/[^\t\n\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '');
}

/** Returns a copy of a value in which every text, at any depth, is changed by the function; keys stay. */
export function withTexts<T>(value: T, change: (text: string) => string): T {
  if (typeof value === 'string') return change(value) as T;
  if (Array.isArray(value)) return value.map((item) => withTexts(item, change)) as T;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withTexts(item, change)])) as T;
}

/** Returns a text as every output can hold it, and without secrets. */
export function redactedText(text: string): string {
  // Control characters within a secret would hide it.
  return redact(plainText(text));
}

function redactText(text: string): string {
  // Terminal codes within a secret would hide it.
  return redactSecretData(stripVTControlCharacters(text))
    .replace(privateKeyBlock, removed)
    .replace(encodedPem, (encoded) => (isPrivateKey(encoded) ? removed : encoded))
    .replace(urlCredentials, `$1${removed}@`)
    .replace(bearer, `$1${removed}`)
    .replace(basic, (whole, scheme: string, encoded: string) =>
      isUserAndPassword(encoded) ? `${scheme}${removed}` : whole,
    )
    .replace(secretSetting, `$1${removed}`)
    .replace(jwt, removed)
    .replace(option, `$1${removed}`)
    .replace(bootstrapToken, removed)
    .replace(fieldOnLine, (whole, field: string, value: string) => {
      const bare = value.replace(/^["']|["']$/g, '');
      if (bare === '' || bare === removed) return whole;
      const quote = value.length > bare.length ? value.charAt(0) : '';
      return `${field}${quote}${removed}${quote}`;
    });
}

/** Returns a text without any `data`, if it quotes a Secret. Text does not say which data belongs to which object. */
function redactSecretData(text: string): string {
  if (!mentionsSecret.test(text)) return text;
  return text.replace(secretDataBlock, `$1$2 ${removed}\n`).replace(secretDataBraces, `$1"${removed}"`);
}

function redactCopy(value: unknown): unknown {
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value)) return value.map(redactCopy);
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Date) return value.toISOString();
  const isSecret = 'kind' in value && value.kind === 'Secret';
  const fields = Object.entries(value)
    .filter(([name]) => name !== 'managedFields')
    .map(([name, field]): [string, unknown] => {
      if (typeof field === 'string' && secretField.test(name)) return [name, removed];
      if (isSecret && (name === 'data' || name === 'stringData')) return [name, withValuesRemoved(field)];
      return [name, redactCopy(field)];
    });
  return Object.fromEntries(fields);
}

function withValuesRemoved(data: unknown): unknown {
  if (data === null || typeof data !== 'object') return data;
  return Object.fromEntries(Object.keys(data).map((name) => [name, removed]));
}

function isUserAndPassword(base64: string): boolean {
  return /^[ -~]*:[ -~]*$/.test(Buffer.from(base64, 'base64').toString('latin1'));
}

function isPrivateKey(base64: string): boolean {
  return Buffer.from(base64, 'base64').toString('latin1').includes('PRIVATE KEY-----');
}
