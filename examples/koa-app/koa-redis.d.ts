/** koa-redis has no types of its own. */
declare module "koa-redis" {
  interface Store {
    get(key: string): Promise<unknown>;
    set(key: string, session: unknown, maxAgeMs: number): Promise<void>;
    destroy(key: string): Promise<void>;
  }
  export default function redisStore(options: object): Store;
}
