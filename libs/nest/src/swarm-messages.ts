import { Controller, Inject, type Type } from '@nestjs/common';
import { MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { SkeinError } from '@skein/kernel';
import type { RunReport, Swarm } from '@skein/swarm';
import { SwarmRegistry } from './swarm-registry.ts';
import { toWire } from './wire.ts';

/** Answer to `<domain>.describe`. */
export interface SwarmDescription {
  readonly domain: string;
  readonly sources: readonly { readonly name: string; readonly describes: string }[];
  readonly products: readonly { readonly id: string; readonly layer: string; readonly contractVersion: string }[];
}

/** Question of `<domain>.run`. */
export interface RunQuestion {
  readonly from?: string;
  readonly origin?: string;
}

export function describeSwarm({ domain }: Swarm): SwarmDescription {
  return {
    domain: domain.name,
    sources: domain.sources.map(({ name, describes }) => ({ name, describes })),
    products: domain.products.map(({ id, layer, contract }) => ({ id, layer, contractVersion: contract.version })),
  };
}

/**
 * The message controller of one domain, a class of its own with the domain in its patterns: one class for all domains would
 * register its patterns once, and answer for whichever domain came first.
 */
export function swarmMessages(domain: string): Type {
  @Controller()
  class SwarmMessages {
    readonly registry: SwarmRegistry;
    constructor(@Inject(SwarmRegistry) registry: SwarmRegistry) {
      this.registry = registry;
    }

    @MessagePattern(`${domain}.describe`)
    describe(): Promise<SwarmDescription> {
      return answer(() => describeSwarm(this.registry.get(domain)));
    }

    @MessagePattern(`${domain}.run`)
    run(@Payload() question: RunQuestion | null): Promise<RunReport> {
      const { from, origin } = question ?? {};
      return answer(() =>
        this.registry.get(domain).run({ ...(from === undefined ? {} : { from }), ...(origin === undefined ? {} : { origin }), signal: this.registry.stopping }),
      );
    }
  }
  Object.defineProperty(SwarmMessages, 'name', { value: `SwarmMessages_${domain}` });
  return SwarmMessages;
}

/** Nest replaces errors that it does not know by "Internal server error". */
async function answer<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw new RpcException(
      toWire(error instanceof SkeinError ? error : new SkeinError('SKEIN_INTERNAL', error instanceof Error ? error.message : String(error))) as object,
    );
  }
}
