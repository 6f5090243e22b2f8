import { BoardCache, newsFrom, newsText } from '@skein/ports';
import { Redis } from 'ioredis';
import type { News } from '@skein/pattern';

/**
 * Sharing as it is commonly done, to compare with: whoever finds a pattern says so on a channel, and everyone keeps what they hear. There is no
 * record of what was said, so a late member hears nothing of it, and no claim, so several solve one gap at a time.
 */
export class Channel {
  readonly cache: BoardCache = new BoardCache();
  readonly #speaker: Redis;
  readonly #listener: Redis;
  readonly #name: string;

  private constructor(url: string, migration: string) {
    this.#name = `migration.${migration}.patterns`;
    this.#speaker = new Redis(url);
    this.#listener = new Redis(url);
    for (const one of [this.#speaker, this.#listener]) one.on('error', () => undefined);
  }

  static async join(url: string, migration: string): Promise<Channel> {
    const channel = new Channel(url, migration);
    channel.#listener.on('message', (_, text: string) => {
      const news = newsFrom(text);
      if (news !== undefined) channel.cache.learn(news);
    });
    await channel.#listener.subscribe(channel.#name);
    return channel;
  }

  async tell(news: News): Promise<void> {
    this.cache.learn(news);
    await this.#speaker.publish(this.#name, newsText(news));
  }

  close(): void {
    this.#speaker.disconnect();
    this.#listener.disconnect();
  }
}
