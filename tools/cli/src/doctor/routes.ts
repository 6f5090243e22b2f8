import { buildCommand, type CommandContext } from '@stricli/core';
import type { DoctorFlags } from './doctor.ts';

/** `redis` is the address that the environment names. */
export function doctorRoute(data: string, at: string, redis: string | undefined) {
  return buildCommand({
    loader: async () => {
      const { doctor } = await import('./doctor.ts');
      return async function (this: CommandContext, flags: DoctorFlags): Promise<void> {
        const address = flags.redis ?? redis;
        await doctor.call(this, address === undefined ? flags : { ...flags, redis: address });
      };
    },
    parameters: {
      flags: {
        data: { kind: 'parsed', parse: String, brief: 'Where everything lies', default: data },
        at: { kind: 'parsed', parse: String, brief: 'Address of the gateway', default: at, placeholder: 'url' },
        redis: { kind: 'parsed', parse: String, brief: 'Address of a Redis, by default SKEIN_REDIS', optional: true, placeholder: 'url' },
        modelAddress: { kind: 'parsed', parse: String, brief: 'Address of a model service', optional: true, placeholder: 'url' },
        json: { kind: 'boolean', brief: 'Print JSON', default: false },
      },
    },
    docs: {
      brief: 'See what stands in the way, and what to do about it',
      fullDescription:
        'Looks at Node, the build, contracts, locks, the data directory, disk, memory, port and clock, and at the services that are configured. Exit code 0: nothing fails; 1: something does; 2: the command was wrong.',
    },
  });
}
