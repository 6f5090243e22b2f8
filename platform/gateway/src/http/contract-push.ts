import { randomUUID } from 'node:crypto';
import { lintContract, type Contract, type Finding } from '@skein/contract';
import { composeCatalog, type Policy, type Principal } from '@skein/federation';
import { sha256, SkeinError, type Clock } from '@skein/kernel';
import type { AuditLog, AuditRecord, ContractRegistry, RegisteredVersion } from '@skein/ports';
import { tableOf } from '@skein/product';
import type { ContractRights, ContractRightsBook } from '../registry/contract-rights.ts';
import { operationReport, type OperationParts } from '../registry/operations.ts';
import { notForRegistry, registerContract, type Registration } from '../registry/register-contract.ts';

/** The gateway runs with `contracts`: one that does not fit among them could not be started with. */
export interface ContractPushParts extends OperationParts {
  readonly registry: ContractRegistry;
  readonly rights: ContractRightsBook;
  readonly policies: readonly Policy[];
  readonly audit: AuditLog;
  readonly clock: Clock;
}

export interface ContractPush {
  readonly product: string;
  readonly text: string;
  /** Text of the approvals that come with it. */
  readonly approvals: string | undefined;
  readonly ifMatch: string | undefined;
  readonly purpose: string | undefined;
}

export interface PushOutcome extends Registration {
  readonly warnings: readonly ReturnType<typeof told>[];
}

/** Bytes of a contract: as many as are read of one. */
export const CONTRACT_LIMIT = 256 * 1024;
const ENTITY_TAGS = /^\s*(?:\*|(?:W\/)?"[^"]*"(?:\s*,\s*(?:W\/)?"[^"]*")*)\s*$/;

/** Takes a contract in, or says why not. Whatever happens, one audit record is kept before it returns or throws. */
export async function pushContract(parts: ContractPushParts, push: ContractPush, principal: Principal): Promise<PushOutcome> {
  const started = parts.clock.now();
  const record = (end: Pick<AuditRecord, 'decision' | 'errorCode'> & { contract?: string }): Promise<void> =>
    parts.audit.append({
      time: started,
      queryId: randomUUID(),
      sqlHash: sha256(push.text),
      principal: principal.subject,
      roles: principal.roles,
      purpose: push.purpose,
      products: [push.product],
      snapshots: [],
      policyHash: undefined,
      rows: undefined,
      bytes: undefined,
      truncated: undefined,
      durationMs: parts.clock.now() - started,
      engineText: undefined,
      ...end,
    });
  let outcome: PushOutcome;
  try {
    outcome = await take(parts, push, principal);
  } catch (error) {
    const known = error instanceof SkeinError ? error : undefined;
    await record({ decision: known && known.fault !== 'platform' ? 'refused' : 'failed', errorCode: known?.code ?? 'SKEIN_INTERNAL', contract: push.product });
    throw error;
  }
  // the version stands by now: should its record not, a second push finds it and records it
  await record({ decision: 'allowed', errorCode: undefined, contract: `${push.product}@${outcome.version.version}` });
  return outcome;
}

async function take(parts: ContractPushParts, { product, text, approvals, ifMatch }: ContractPush, principal: Principal): Promise<PushOutcome> {
  const { registry, clock } = parts;
  const rights = visibleContracts(parts.rights, product, principal);
  const matches = entityTags(ifMatch);
  // before the document is looked at: who may push none learns nothing from its faults
  const majors = [...rights.tables.map(({ major }) => major), Number.MAX_SAFE_INTEGER];
  if (!majors.some((major) => rights.mayPush(major))) throw mayNotPush(product);
  const { contract, warnings } = soundContract(text, product);
  if (!rights.mayPush(tableOf(contract).major)) throw mayNotPush(product);
  checkFit(contract, parts);
  const registration = await registerContract(contract, text, {
    registry,
    clock,
    by: principal.subject,
    approvals: approvals === undefined ? [] : (await import('@skein/verifier/compat')).readApprovals(approvals, 'approvals.yaml'),
    concerns: async (last, next, findings) => (await operationReport(parts, last, next, findings)).impacts,
    check: (newest) => checkMatch(product, newest, matches),
  });
  return { ...registration, warnings };
}

/** Throws SKEIN_PRODUCT_UNKNOWN alike for what is hidden and what is not there. */
export function visibleContracts(book: ContractRightsBook, product: string, principal: Principal): ContractRights {
  const rights = book.of(product, principal);
  if (!rights) throw new SkeinError('SKEIN_PRODUCT_UNKNOWN', `no product ${JSON.stringify(product)} is visible to you`, { context: { product } });
  return rights;
}

function mayNotPush(product: string): SkeinError {
  return new SkeinError('SKEIN_AUTH_FORBIDDEN', `you may not push contracts of ${product}`, {
    hint: 'Only the roles that its policy names as owners may.',
    context: { product },
  });
}

/** Throws SKEIN_REQUEST_INVALID with every fault of the document, its place, rule and fix. */
function soundContract(text: string, product: string): { contract: Contract; warnings: ReturnType<typeof told>[] } {
  checkCharacters(text, product);
  const plain = lintContract(text, 'contract.odcs.yaml', 'skein');
  const { contract } = plain;
  // under the path that it ought to have, the reader finds where domain and name differ from it
  const [domain, name] = product.split('.') as [string, string];
  const report =
    contract && contract.product !== product ? lintContract(text, `${domain}/${name}/v${tableOf(contract).major}/contract.odcs.yaml`, 'skein') : plain;
  const errors = report.findings.filter(({ severity }) => severity === 'error').map(told);
  const unfit = contract && notForRegistry(contract);
  const faults = unfit ? [...errors, { code: 'SKEIN_CONTRACT_INVALID', ...unfit, place: placeOf(text, unfit.rule) }] : errors;
  if (contract && faults.length === 0) return { contract, warnings: report.findings.map(told) };
  const [first] = faults;
  throw new SkeinError(
    'SKEIN_REQUEST_INVALID',
    `the contract has ${faults.length === 1 ? 'a fault' : `${faults.length} faults, the first`} in line ${first?.place.line ?? 1}: ${first?.message ?? ''}`,
    { hint: first?.fix ?? 'See the faults with npx skein contract lint.', context: { product, faults } },
  );
}

/** YAML has no control characters (YAML 1.2.2, section 5.1); what is kept for good must be readable by every reader. */
function checkCharacters(text: string, product: string): void {
  let line = 1;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x0a) line += 1;
    if (code === 0x7f || (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d)) {
      const place = { line, column: at - text.lastIndexOf('\n', at) };
      const message = `the character U+${code.toString(16).padStart(4, '0').toUpperCase()} may not stand in YAML`;
      const fault = { code: 'SKEIN_CONTRACT_SYNTAX', rule: 'yaml', message, fix: 'Write it as an escape in double quotes, or leave it out.', place };
      throw new SkeinError('SKEIN_REQUEST_INVALID', `the contract has a fault in line ${line}: ${message}`, {
        hint: fault.fix,
        context: { product, faults: [fault] },
      });
    }
  }
}

function told({ code, rule, message, fix, place }: Finding) {
  return { code, rule, message, fix, place: { line: place.line, column: place.column } };
}

/** Line of a field of the document itself; contracts are written with such fields at the margin. */
function placeOf(text: string, field: string): { line: number; column: number } {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => new RegExp(`^["']?${field}["']?\\s*:`).test(line));
  return { line: Math.max(0, at) + 1, column: 1 };
}

/** What could not be started with, beside the other contracts of the mesh, is not registered. Throws SKEIN_CATALOG_CONFLICT. */
function checkFit(contract: Contract, { contracts, policies }: ContractPushParts): void {
  const { major } = tableOf(contract);
  const others = contracts.filter((other) => other.product !== contract.product || tableOf(other).major !== major);
  composeCatalog([...others, contract], policies);
}

/** The hashes of `If-Match`; undefined where it says nothing, or `*`: a version there must be, and there is. */
function entityTags(ifMatch: string | undefined): readonly string[] | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  if (!ENTITY_TAGS.test(ifMatch) || ifMatch.length > 2_000)
    throw new SkeinError('SKEIN_REQUEST_INVALID', 'the header If-Match holds no entity tag', {
      hint: 'Send If-Match: "<hash of the version you started from>".',
    });
  // a weak tag matches nothing here (RFC 9110, section 13.1.1)
  return [...ifMatch.matchAll(/(W\/)?"([^"]*)"/g)].flatMap(([, weak, tag = '']) => (weak === undefined ? tag : []));
}

function checkMatch(product: string, newest: RegisteredVersion | undefined, tags: readonly string[] | undefined): void {
  if (tags === undefined || (newest !== undefined && tags.includes(newest.hash))) return;
  throw new SkeinError('SKEIN_CONTRACT_CONFLICT', `the newest version of ${product} is ${newest?.version ?? 'none'}, and not the one that you started from`, {
    context: { product, ...(newest ? { version: newest.version, hash: newest.hash } : {}) },
  });
}
