import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { literal, SkeinError } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { hex } from './answer.ts';
import { listRanges, rangeName, writeTextFile } from './range-file.ts';
import type { Rpc } from './rpc.ts';

/** What a token says of itself; null where it says nothing that can be trusted. */
export interface Token {
  readonly address: string;
  readonly symbol: string | null;
  readonly decimals: number | null;
}

const DECIMALS = '0x313ce567';
const SYMBOL = '0x95d89b41';
/** Symbols are shown to people: longer ones are advertisements. */
const LONGEST = 64;

/**
 * The symbol in an answer to `symbol()`: ABI-encoded text, or the bytes32 of contracts older than the standard. Null when it is neither, empty, not
 * UTF-8, or holds control or formatting characters, by which one token would pass itself off as another.
 */
export function symbolOf(answer: string): string | null {
  const bytes = Buffer.from(answer.slice(2), 'hex');
  return shown(abiText(bytes) ?? (bytes.length === 32 ? bytes.subarray(0, zeroAt(bytes)) : undefined));
}

/** `decimals()`: a uint8 in a word; null when the answer is empty, of another length, or above 255. */
export function decimalsOf(answer: string): number | null {
  if (answer.length !== 66) return null;
  const value = BigInt(answer);
  return value <= 255n ? Number(value) : null;
}

function zeroAt(bytes: Buffer): number {
  const at = bytes.indexOf(0);
  return at === -1 ? bytes.length : at;
}

function abiText(bytes: Buffer): Buffer | undefined {
  if (bytes.length < 64) return undefined;
  const number = (at: number): number => (bytes.subarray(at, at + 28).every((byte) => byte === 0) ? bytes.readUInt32BE(at + 28) : Number.NaN);
  const offset = number(0);
  if (!(offset >= 32 && offset + 32 <= bytes.length)) return undefined;
  const length = number(offset);
  return length >= 0 && offset + 32 + length <= bytes.length ? bytes.subarray(offset + 32, offset + 32 + length) : undefined;
}

function shown(bytes: Buffer | undefined): string | null {
  if (!bytes || bytes.length === 0 || bytes.length > LONGEST * 4) return null;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes).replace(/\0+$/, '').trim();
    return text === '' || text.length > LONGEST || /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u.test(text) ? null : text;
  } catch {
    return null;
  }
}

/** Asks a token; a revert, an empty answer and a contract that is gone are no fault: it has none. */
export async function readToken(rpc: Rpc, address: string, signal?: AbortSignal): Promise<Token> {
  const ask = async (data: string): Promise<string> => {
    try {
      // At the head: older states are pruned by most nodes.
      return hex(`${address}.${data}`, await rpc.call('eth_call', [{ to: address, data }, 'latest'], signal));
    } catch (error) {
      if (
        error instanceof SkeinError &&
        error.code === 'SKEIN_SOURCE_ANSWER' &&
        /revert|invalid opcode|invalid jump|out of gas|stack|execution/i.test(error.message)
      )
        return '0x';
      throw error;
    }
  };
  return { address, symbol: symbolOf(await ask(SYMBOL)), decimals: decimalsOf(await ask(DECIMALS)) };
}

/** Appends to `tokens.ndjson` the ERC-20 tokens of the logs that it lacks. */
export async function readTokens(rpc: Rpc, session: EngineSession, folder: string, chain: string, signal?: AbortSignal): Promise<number> {
  const ranges = await listRanges(folder, 'logs');
  if (ranges.length === 0) return 0;
  const file = path.join(folder, 'tokens.ndjson');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const known = new Set(text.split('\n').flatMap((line) => (line === '' ? [] : [(JSON.parse(line) as Token).address])));
  const files = ranges.map((range) => literal(path.join(folder, 'logs', rangeName(range))));
  const rows = await session.rows<{ address: string }>(
    `SELECT DISTINCT address FROM read_parquet([${files.join(', ')}]) WHERE event IN ('erc20_transfer', 'weth_deposit', 'weth_withdrawal') ORDER BY address`,
  );
  const found: Token[] = [];
  for (const { address } of rows.filter((row) => !known.has(row.address))) found.push(await readToken(rpc, address, signal));
  const lines = found.map(({ address, symbol, decimals }) => `${JSON.stringify({ chain, address, symbol, decimals })}\n`);
  if (lines.length > 0) await writeTextFile(file, text + lines.join(''));
  return found.length;
}
