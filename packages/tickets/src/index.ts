export type { Fetch } from "./fetch-jwks.ts";
export type { KeyAlgorithm, PublicJwk } from "./jwk.ts";
export {
  exportKeySet,
  type GenerateKeySetOptions,
  generateKeySet,
  importKeySet,
  type Jwks,
  type KeySet,
  publicJwks,
} from "./key-set.ts";
export {
  type IssuedTicket,
  type IssueTicketOptions,
  issueTicket,
  type TicketInput,
  type VerifyTicketOptions,
  verifyTicket,
} from "./room-ticket.ts";
export {
  type IssueSessionOptions,
  issueSessionTicket,
  type SessionInput,
  type VerifySessionOptions,
  verifySessionTicket,
} from "./session-ticket.ts";
export {
  type BoundUrl,
  createTicketKeys,
  type KeySource,
  type TicketKeys,
  type TicketKeysOptions,
} from "./ticket-keys.ts";
export {
  type AdmissionKeys,
  type AdmissionOptions,
  type AdmissionTickets,
  verifyAdmission,
  verifyPreviousSession,
} from "./verify-admission.ts";
export {
  type IssueViewOptions,
  issueViewTicket,
  type VerifyViewOptions,
  type ViewInput,
  verifyViewTicket,
} from "./view-ticket.ts";
