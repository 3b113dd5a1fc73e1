/**
 * The allowed commands, by the groups of Redis's documentation: commands on data. Every other command is refused: administration
 * (FLUSHALL, CONFIG, SHUTDOWN, DEBUG, MODULE, ACL, REPLICAOF, …), KEYS, commands that block or take over the connection that all
 * requests share (BLPOP, WAIT, SUBSCRIBE, MONITOR, MULTI, WATCH, SELECT, CLIENT, …), and commands that are unknown here.
 */
const GROUPS = [
  // Connection and server: only commands that report something
  "ECHO PING TIME DBSIZE INFO COMMAND",
  // Keys
  "COPY DEL DUMP EXISTS EXPIRE EXPIREAT EXPIRETIME OBJECT PERSIST PEXPIRE PEXPIREAT PEXPIRETIME PTTL RANDOMKEY RENAME",
  "RENAMENX RESTORE SCAN SORT SORT_RO TOUCH TTL TYPE UNLINK",
  // Strings and bitmaps
  "APPEND DECR DECRBY GET GETDEL GETEX GETRANGE GETSET INCR INCRBY INCRBYFLOAT LCS MGET MSET MSETNX PSETEX SET SETEX SETNX",
  "SETRANGE STRLEN SUBSTR BITCOUNT BITFIELD BITFIELD_RO BITOP BITPOS GETBIT SETBIT",
  // Hashes
  "HDEL HEXISTS HEXPIRE HEXPIREAT HEXPIRETIME HGET HGETALL HGETDEL HGETEX HINCRBY HINCRBYFLOAT HKEYS HLEN HMGET HMSET HPERSIST",
  "HPEXPIRE HPEXPIREAT HPEXPIRETIME HPTTL HRANDFIELD HSCAN HSET HSETEX HSETNX HSTRLEN HTTL HVALS",
  // Lists
  "LINDEX LINSERT LLEN LMOVE LMPOP LPOP LPOS LPUSH LPUSHX LRANGE LREM LSET LTRIM RPOP RPOPLPUSH RPUSH RPUSHX",
  // Sets
  "SADD SCARD SDIFF SDIFFSTORE SINTER SINTERCARD SINTERSTORE SISMEMBER SMEMBERS SMISMEMBER SMOVE SPOP SRANDMEMBER SREM SSCAN",
  "SUNION SUNIONSTORE",
  // Sorted sets
  "ZADD ZCARD ZCOUNT ZDIFF ZDIFFSTORE ZINCRBY ZINTER ZINTERCARD ZINTERSTORE ZLEXCOUNT ZMPOP ZMSCORE ZPOPMAX ZPOPMIN",
  "ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANGESTORE ZRANK ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE",
  "ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE ZUNION ZUNIONSTORE",
  // Geo and HyperLogLog
  "GEOADD GEODIST GEOHASH GEOPOS GEORADIUS GEORADIUSBYMEMBER GEOSEARCH GEOSEARCHSTORE PFADD PFCOUNT PFMERGE",
  // Streams
  "XACK XADD XAUTOCLAIM XCLAIM XDEL XGROUP XINFO XLEN XPENDING XRANGE XREAD XREADGROUP XREVRANGE XTRIM",
  // Scripts and messages
  "EVAL EVALSHA EVAL_RO EVALSHA_RO FCALL FCALL_RO SCRIPT PUBLISH SPUBLISH",
];
const ALLOWED = new Set(GROUPS.flatMap((group) => group.split(" ")));

/** The allowed subcommands of commands that also have dangerous ones. */
const SUBCOMMANDS: Record<string, ReadonlySet<string>> = {
  SCRIPT: new Set(["LOAD", "EXISTS"]),
};
/** Commands that an option makes block, and the index of their first option: XREADGROUP names GROUP, group and consumer first. */
const OPTIONS_OF: Record<string, number> = { XREAD: 0, XREADGROUP: 3 };

/** @param command Its name and arguments. @returns Why it is refused, or null. */
export function faultOfCommand(command: readonly string[]): string | null {
  const [name = "", ...args] = command.map((part) => part.toUpperCase());
  const shown = name.slice(0, 32);
  if (!ALLOWED.has(name)) return `ERR '${shown}' may not be asked over REST`;
  const subcommands = SUBCOMMANDS[name];
  if (subcommands && !subcommands.has(args[0] ?? ""))
    return `ERR '${shown} ${(args[0] ?? "").slice(0, 32)}' may not be asked over REST`;
  return mayBlock(name, args) ? `ERR '${shown}' may not block over REST` : null;
}

function mayBlock(name: string, args: readonly string[]): boolean {
  const begin = OPTIONS_OF[name];
  if (begin === undefined) return false;
  // After STREAMS come names of streams, and one of them may be "BLOCK".
  const options = args.slice(begin);
  return options.slice(0, options.indexOf("STREAMS") + 1).includes("BLOCK");
}
