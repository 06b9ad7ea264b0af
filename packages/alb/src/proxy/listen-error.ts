import { AlbError } from "../errors.ts";

/** Why a listener could not be opened, as a sentence that names the option to change: `ERR_UNSTICK_ALB_LISTEN`. */
export function explainListening(error: NodeJS.ErrnoException, port: number, host: string): AlbError {
  const { option, sentence } = reasonFor(error, port, host);
  return new AlbError("ERR_UNSTICK_ALB_LISTEN", `${option} ${sentence}`, option, error);
}

interface Reason {
  readonly option: "host" | "port";
  readonly sentence: string;
}

/** The codes of listen(2) and of getaddrinfo(3), which `net.Server` asks for a host that is a name. */
function reasonFor({ code = "", message }: NodeJS.ErrnoException, port: number, host: string): Reason {
  const on = (sentence: string): Reason => ({ option: "port", sentence: `${port} of ${host} ${sentence}` });
  const at = (sentence: string): Reason => ({ option: "host", sentence: `${host} ${sentence}` });
  const elsewhere = "choose another, like 127.0.0.1 or 0.0.0.0";
  const reasons: Readonly<Record<string, Reason>> = {
    EADDRINUSE: on("is taken by another program; choose another port, or 0 for a free one"),
    EACCES: on("is not allowed to this user; choose one above 1023"),
    EADDRNOTAVAIL: at(`is not an address of this machine; ${elsewhere}`),
    EAFNOSUPPORT: at(`is of an address family that this machine does not have; ${elsewhere}`),
    ENOTFOUND: at(`is a name that cannot be resolved; ${elsewhere}`),
    EAI_AGAIN: at(`is a name that cannot be resolved now; ${elsewhere}`),
  };
  return reasons[code] ?? on(`cannot be listened on: ${message}`);
}
