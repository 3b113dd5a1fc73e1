export { dumpWorker, Ledger, type LedgerEntry } from "./ledger.ts";
export { Surplus } from "./surplus.ts";
