import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readGatewayConfig } from './config.ts';

const defaults = { contracts: '/repository/contracts' };

describe('settings of the gateway', () => {
  it('have presets, come from the environment, and the command line wins', () => {
    expect(readGatewayConfig([], {}, defaults)).toEqual({
      data: path.resolve('.skein'),
      contracts: '/repository/contracts',
      host: '127.0.0.1',
      port: 4747,
      oidc: undefined,
    });
    const env = { SKEIN_DATA: '/data', SKEIN_PORT: '1', SKEIN_HOST: '::1', SKEIN_OIDC_ISSUER: 'https://idp.example', SKEIN_OIDC_AUDIENCE: 'mesh' };
    expect(readGatewayConfig([], env, defaults)).toEqual({
      data: '/data',
      contracts: '/repository/contracts',
      host: '::1',
      port: 1,
      oidc: { issuer: 'https://idp.example', audience: 'mesh' },
    });
    expect(readGatewayConfig(['--data', '/other', '--port', '0', '--host', 'localhost', '--contracts', '/c'], env, defaults)).toMatchObject({
      data: '/other',
      port: 0,
      host: 'localhost',
      contracts: '/c',
    });
    expect(readGatewayConfig(['--help'], { SKEIN_PORT: 'x' }, defaults)).toBe('help');
  });

  it.each([
    ['a port that is none', ['--port', '65536'], {}, 'SKEIN_CONFIG_INVALID', '--port "65536"'],
    ['a port by name', [], { SKEIN_PORT: 'http' }, 'SKEIN_CONFIG_INVALID', 'SKEIN_PORT "http"'],
    ['an empty port', [], { SKEIN_PORT: '' }, 'SKEIN_CONFIG_INVALID', 'SKEIN_PORT ""'],
    ['a host that is a URL', ['--host', 'http://x'], {}, 'SKEIN_CONFIG_INVALID', '--host "http://x"'],
    ['an audience without issuer', [], { SKEIN_OIDC_AUDIENCE: 'x' }, 'SKEIN_CONFIG_INVALID', 'SKEIN_OIDC_AUDIENCE'],
    ['an unknown option', ['--prot', '1'], {}, 'SKEIN_USAGE', '--prot'],
    ['a stray word', ['serve'], {}, 'SKEIN_USAGE', 'serve'],
  ])('refuse %s, naming it', (_name, args, env, code, named) => {
    expect(() => readGatewayConfig(args, env, defaults)).toThrowError(expect.objectContaining({ code, message: expect.stringContaining(named) }));
  });
});
