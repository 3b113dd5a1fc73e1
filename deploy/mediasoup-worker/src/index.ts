export type { ProvidedWorker, ProvideWorkerOptions, WorkerSource } from "./provide-worker.ts";
export { provideWorker } from "./provide-worker.ts";
export type { OnProgress } from "./show-progress.ts";
export { showProgress } from "./show-progress.ts";
