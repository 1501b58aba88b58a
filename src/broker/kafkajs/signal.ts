/** One waiting loop and whoever wakes it. A wake with nobody waiting is kept for the next wait. */
export class Signal {
  private woken = false;
  private resolve: (() => void) | null = null;

  wake(): void {
    this.woken = true;
    this.resolve?.();
  }

  /** Resolves at the next wake, or after `milliseconds`. */
  wait(milliseconds?: number): Promise<void> {
    if (this.woken) {
      this.woken = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const timer = milliseconds === undefined ? undefined : setTimeout(() => this.resolve?.(), milliseconds);
      this.resolve = () => {
        clearTimeout(timer);
        this.resolve = null;
        this.woken = false;
        resolve();
      };
    });
  }
}
