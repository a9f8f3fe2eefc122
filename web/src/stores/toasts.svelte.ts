/** Short messages at the edge, most with a way back. */

export interface Toast {
  id: number;
  text: string;
  tone: "info" | "danger";
  action?: { label: string; run: () => void };
}

const SECONDS = { info: 6, danger: 12 };

export class Toasts {
  items = $state<Toast[]>([]);
  private last = 0;
  private timers = new Map<number, ReturnType<typeof setTimeout>>();

  show(text: string, options: { tone?: Toast["tone"]; action?: Toast["action"] } = {}): number {
    const id = ++this.last;
    const toast: Toast = { id, text, tone: options.tone ?? "info" };
    if (options.action) toast.action = options.action;
    this.items = [...this.items.slice(-3), toast];
    this.arm(id, SECONDS[toast.tone]);
    return id;
  }

  dismiss(id: number): void {
    clearTimeout(this.timers.get(id));
    this.timers.delete(id);
    this.items = this.items.filter((toast) => toast.id !== id);
  }

  /** Stays while somebody reads it. */
  hold(id: number): void {
    clearTimeout(this.timers.get(id));
  }

  release(id: number): void {
    if (this.timers.has(id)) this.arm(id, 3);
  }

  private arm(id: number, seconds: number): void {
    clearTimeout(this.timers.get(id));
    this.timers.set(
      id,
      setTimeout(() => this.dismiss(id), seconds * 1000),
    );
  }
}
