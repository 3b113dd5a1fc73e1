const SESSION_PATH = /^\/v1\/sessions\/([^/]+)/;

/** @returns The session that a request's path names, whether or not one can have such an id; undefined for any other path. */
export function sessionOf(path: string): string | undefined {
  return SESSION_PATH.exec(path)?.[1];
}
