import 'reflect-metadata';
import { Module, type DynamicModule, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { duckdbEngine, duckdbSandbox } from '@skein/adapter-duckdb';
import { memoryBus } from '@skein/adapter-memory';
import { localLandingStore, localSnapshotStore } from '@skein/adapter-storage';
import { SkeinError, systemClock } from '@skein/kernel';
import type { EventBus, LandingStore } from '@skein/ports';
import type { Domain } from '@skein/product';
import type { SystemContracts } from '@skein/swarm';
import { temporaryDirectory, type TemporaryDirectory } from '@skein/testing';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BusClient } from './bus-client.ts';
import { BusServer } from './bus-server.ts';
import { DataProductModule, swarmOf, type MeshFoundation } from './data-product-module.ts';
import { SwarmRegistry } from './swarm-registry.ts';

const domain = (name: string): Domain => ({
  name,
  sources: [{ name: `${name}_files`, describes: `*.${name}`, tableOf: () => undefined, shape: 'json' }],
  bronze: [],
  products: [],
});

@Module({})
class Root {}

let bus: EventBus;
let app: INestMicroservice | undefined;
let landed: ((domain: string) => Promise<[]>) | undefined;
let folder: TemporaryDirectory;
const engine = duckdbEngine();
const sandbox = duckdbSandbox({ startEarly: false });
beforeEach(() => {
  bus = memoryBus();
  landed = undefined;
  folder = temporaryDirectory('skein-nest-');
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  await bus.close();
  folder[Symbol.dispose]();
});
afterAll(async () => {
  await sandbox.close();
  await engine.close();
});

/** Real adapters; a domain without sources or products runs through them quickly. `landed` stands where a test needs a run that waits or fails. */
function foundation(): MeshFoundation {
  const landings = localLandingStore({ root: folder.file('landing') });
  const watched = new Proxy<LandingStore>(landings, {
    get(real, name) {
      if (name === 'list') return (of: string) => landed?.(of) ?? real.list(of);
      const member: unknown = Reflect.get(real, name);
      return typeof member === 'function' ? member.bind(real) : member;
    },
  });
  return {
    adapters: { engine, store: localSnapshotStore({ root: folder.file('tables'), clock: systemClock }), landings: watched, bus, sandbox },
    system: {} as SystemContracts,
  };
}

async function start(...features: DynamicModule[]): Promise<INestMicroservice> {
  const root: DynamicModule = { module: Root, imports: [DataProductModule.forRoot(foundation()), ...features] };
  app = await NestFactory.createMicroservice(root, { strategy: new BusServer(bus), logger: false, abortOnError: false });
  await app.listen();
  return app;
}

describe('DataProductModule', () => {
  it('answers for each domain as that domain', async () => {
    await start(DataProductModule.forFeature('ga4', domain('ga4')), DataProductModule.forFeature('sap', domain('sap')));
    const client = new BusClient(bus);
    expect(await client.request('ga4.describe')).toEqual({ domain: 'ga4', sources: [{ name: 'ga4_files', describes: '*.ga4' }], products: [] });
    expect(await client.request('sap.describe')).toMatchObject({ domain: 'sap', sources: [{ name: 'sap_files' }] });
    expect(await client.request('sap.run')).toMatchObject({ domain: 'sap', sources: [], products: [] });
    await client.close();
  });

  it('refuses a second swarm of one domain at start', async () => {
    await expect(start(DataProductModule.forFeature('ga4', domain('ga4')), DataProductModule.forFeature('ga4', domain('ga4')))).rejects.toMatchObject({
      code: 'SKEIN_CATALOG_CONFLICT',
      context: { domain: 'ga4' },
    });
  });

  it('refuses a feature that is not the domain it names, and a name that is none', () => {
    expect(() => DataProductModule.forFeature('ga4', domain('sap'))).toThrowError(expect.objectContaining({ code: 'SKEIN_CONFIG_INVALID' }));
    expect(() => DataProductModule.forFeature('../x', domain('../x'))).toThrowError(expect.objectContaining({ code: 'SKEIN_NAME_INVALID' }));
  });

  it('offers the swarms by token and by registry', async () => {
    const running = await start(DataProductModule.forFeature('ga4', domain('ga4')), DataProductModule.forFeature('sap', domain('sap')));
    const registry = running.get(SwarmRegistry);
    expect(registry.all().map((swarm) => swarm.domain.name)).toEqual(['ga4', 'sap']);
    expect(running.get(swarmOf('sap'), { strict: false })).toBe(registry.get('sap'));
    expect(() => registry.get('crm')).toThrowError(expect.objectContaining({ code: 'SKEIN_DOMAIN_UNKNOWN', hint: 'Known here: ga4, sap.' }));
  });
});

describe('requests over the bus', () => {
  it('carry a typed error back, as it was', async () => {
    landed = async () => {
      throw new SkeinError('SKEIN_STORAGE_FAILED', 'the landing of ga4 is gone', { hint: 'mount it', context: { dir: 'x' } });
    };
    await start(DataProductModule.forFeature('ga4', domain('ga4')));
    const client = new BusClient(bus);
    await expect(client.request('ga4.run')).rejects.toMatchObject({
      name: 'SkeinError',
      code: 'SKEIN_STORAGE_FAILED',
      message: 'the landing of ga4 is gone',
      hint: 'mount it',
      context: { dir: 'x' },
    });
    landed = async () => {
      throw new Error('boom');
    };
    await expect(client.request('ga4.run')).rejects.toMatchObject({ code: 'SKEIN_INTERNAL' });
    await expect(client.request('ga4.fly')).rejects.toMatchObject({ code: 'SKEIN_NOT_FOUND' });
    await client.close();
  });

  it('say so when nothing answers, and when the requester is closed first', async () => {
    const client = new BusClient(bus);
    await expect(client.request('crm.describe', {}, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'SKEIN_NO_REPLY', retryable: true });
    const pending = client.request('crm.describe');
    const caught = expect(pending).rejects.toMatchObject({ code: 'SKEIN_BUS_CLOSED' });
    await new Promise((next) => setImmediate(next));
    await client.close();
    await caught;
  });

  it('do not wait for a long run of the same domain, and the server waits for it when it closes', async () => {
    const release = Promise.withResolvers<[]>();
    landed = () => release.promise;
    const running = await start(DataProductModule.forFeature('ga4', domain('ga4')));
    const client = new BusClient(bus);
    let ran = false;
    const run = client.request('ga4.run').then(() => (ran = true));
    expect(await client.request('ga4.describe')).toMatchObject({ domain: 'ga4' });
    expect(ran).toBe(false);
    const closing = running.close();
    app = undefined;
    release.resolve([]);
    await closing;
    await run;
    await client.close();
  });
});
