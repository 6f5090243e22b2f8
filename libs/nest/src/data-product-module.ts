import { Module, type DynamicModule } from '@nestjs/common';
import { SkeinError, checkName } from '@skein/kernel';
import type { Domain } from '@skein/product';
import { createSwarm, type Swarm, type SwarmAdapters, type SystemContracts } from '@skein/swarm';
import { BusClient } from './bus-client.ts';
import { swarmMessages } from './swarm-messages.ts';
import { SwarmRegistry } from './swarm-registry.ts';

/** What every swarm of a process works with. */
export interface MeshFoundation {
  readonly adapters: SwarmAdapters;
  readonly system: SystemContracts;
}

const FOUNDATION = Symbol('skein.foundation');

/** Token of the swarm of a domain, for `@Inject(swarmOf('ga4'))`. */
export function swarmOf(domain: string): string {
  return `skein.swarm.${domain}`;
}

/** Makes domains part of a Nest application: `forRoot` once, `forFeature` once for each domain. */
@Module({})
export class DataProductModule {
  static forRoot(foundation: MeshFoundation): DynamicModule {
    return {
      module: DataProductModule,
      global: true,
      providers: [
        { provide: FOUNDATION, useValue: foundation },
        { provide: SwarmRegistry, useFactory: () => new SwarmRegistry() },
        { provide: BusClient, useFactory: () => new BusClient(foundation.adapters.bus) },
      ],
      exports: [FOUNDATION, SwarmRegistry, BusClient],
    };
  }

  /** Adds the domain's swarm, and answers `<name>.describe` and `<name>.run`. Throws SKEIN_CATALOG_CONFLICT at start when `name` is there already. */
  static forFeature(name: string, domain: Domain): DynamicModule {
    checkName('domain', name);
    if (domain.name !== name)
      throw new SkeinError('SKEIN_CONFIG_INVALID', `the feature ${name} was given the domain ${domain.name}`, {
        context: { feature: name, domain: domain.name },
      });
    return {
      module: DataProductModule,
      controllers: [swarmMessages(name)],
      providers: [
        {
          provide: swarmOf(name),
          inject: [FOUNDATION, SwarmRegistry],
          useFactory: ({ system, adapters }: MeshFoundation, registry: SwarmRegistry): Swarm => registry.add(createSwarm(domain, system, adapters)),
        },
      ],
      exports: [swarmOf(name)],
    };
  }
}
