/** How `start-with-mediasoup.ts` ends when it is mediasoup's library that cannot be loaded, and no worker was started. */
export const cannotLoadExitCode = 3;
