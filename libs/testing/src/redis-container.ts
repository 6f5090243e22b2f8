/** A Redis in a container, or undefined when no container engine answers. */
export async function redisContainer(): Promise<({ readonly url: string } & AsyncDisposable) | undefined> {
  if (!(await engineAnswers())) return undefined;
  const { GenericContainer } = await import('testcontainers');
  const container = await new GenericContainer(IMAGE)
    .withExposedPorts(6379)
    .withCommand(['redis-server', '--appendonly', 'yes', '--save', '', '--maxmemory-policy', 'noeviction'])
    .withStartupTimeout(120_000)
    .start();
  return {
    url: `redis://${container.getHost()}:${container.getMappedPort(6379)}`,
    async [Symbol.asyncDispose]() {
      await container.stop();
    },
  };
}

/** The last release under the BSD licence, and what Debian carries. */
const IMAGE = 'redis:7.2-alpine';

/** Asked here, because the library takes long to load and to find out that there is none. */
async function engineAnswers(): Promise<boolean> {
  const { execFile } = await import('node:child_process');
  return new Promise((resolve) => {
    execFile('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 5_000 }, (error, stdout) => resolve(error === null && stdout.trim() !== ''));
  });
}
