import { isIPv6 } from "node:net";
import { type CreateEgress, type CreateIngest, FairleadError } from "@fairlead/protocol";
import type { types } from "mediasoup";
import type { ListenAddress } from "../worker/listen-addresses.ts";
import { AddressSet } from "./address-set.ts";
import { Networks } from "./networks.ts";

export type RtpOptions = {
  /** A private address of this host, for RTP of given addresses; the only one that takes RTP without encryption. */
  ip?: string;
  /** UDP; default: free ones. */
  ports?: { min: number; max: number };
  /** Where senders and receivers that are given by their addresses may be; default: nowhere. */
  networks?: readonly string[];
};

const LOOPBACK = new AddressSet(["127.0.0.0/8", "::1/128"]);

/** Which addresses exchange RTP with this node, and at which of its own. */
export class RtpReach {
  readonly #options: RtpOptions;
  readonly #networks: Networks;
  readonly #listenAddresses: () => readonly ListenAddress[];

  /** @param listenAddresses Where WebRTC is taken. */
  constructor(options: RtpOptions, listenAddresses: () => readonly ListenAddress[]) {
    this.#options = options;
    this.#networks = new Networks(options.networks ?? []);
    this.#listenAddresses = listenAddresses;
  }

  /** @throws {FairleadError} `rtp_refused`; `invalid_request`: the sender's address or its ports are not told. */
  forIngest({ encrypted, senderAddress, tracks }: CreateIngest): types.TransportListenInfo {
    if (senderAddress === undefined) {
      if (!encrypted) throw invalid("senderAddress: needed without encryption");
      return this.#listenInfo(this.#publicAddress());
    }
    if (tracks.some(({ senderPort }) => senderPort === undefined))
      throw invalid("tracks: senderPort is needed of each, with senderAddress");
    return this.#forPeer(senderAddress, encrypted);
  }

  /** @throws {FairleadError} `rtp_refused`. */
  forEgress({ encrypted, receiverAddress }: CreateEgress): types.TransportListenInfo {
    return this.#forPeer(receiverAddress, encrypted);
  }

  #forPeer(peer: string, encrypted: boolean): types.TransportListenInfo {
    const { ip } = this.#options;
    if (!this.#networks.has(peer)) throw refused(`${peer} is not in FAIRLEAD_RTP_NETWORKS`);
    if (!encrypted && ip === undefined)
      throw refused("without FAIRLEAD_RTP_IP all RTP is encrypted: encrypted must be true");
    const own = ip === undefined ? this.#publicAddress(isIPv6(peer)) : { ip };
    if (isIPv6(own.ip) !== isIPv6(peer)) throw refused(`${own.ip} can't be reached from ${peer}`);
    return this.#listenInfo(own);
  }

  /** Loopback only where there is no other. */
  #publicAddress(isOfIPv6?: boolean): ListenAddress {
    const own = this.#listenAddresses().filter(({ ip }) => isOfIPv6 === undefined || isIPv6(ip) === isOfIPv6);
    const chosen = own.find(({ ip }) => !LOOPBACK.has(ip)) ?? own[0];
    if (!chosen) throw refused("this node has no address for that");
    return chosen;
  }

  #listenInfo({ ip, announcedAddress }: ListenAddress): types.TransportListenInfo {
    const { ports } = this.#options;
    return {
      protocol: "udp",
      ip,
      ...(announcedAddress === undefined ? {} : { announcedAddress }),
      ...(ports ? { portRange: ports } : {}),
    };
  }
}

function refused(message: string): FairleadError {
  return new FairleadError("rtp_refused", { message });
}

function invalid(message: string): FairleadError {
  return new FairleadError("invalid_request", { message });
}
