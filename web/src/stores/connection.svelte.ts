/** Whether the server is there, and whether it wants a key. */

import { onContact } from "$/services/http";

export class Connection {
  state = $state<"connected" | "away" | "locked">("connected");
  /** Grows by one each time the server is back; what listens fetches anew. */
  returns = $state(0);

  start(): () => void {
    return onContact((error) => {
      if (error?.status === 401) this.state = "locked";
      else if (error) this.state = "away";
      else {
        if (this.state !== "connected") this.returns++;
        this.state = "connected";
      }
    });
  }
}
