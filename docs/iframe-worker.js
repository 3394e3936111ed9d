/* A worker in a hidden frame, for pages that are read from the disk: there a browser starts none, and the search needs
   one. The frame runs the worker's script with a worker's three names: postMessage, importScripts and onmessage. */

if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.onmessage = null;
      this.onerror = null;
      this.waiting = [];
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      document.body.appendChild(this.frame);
      const inside = this.frame.contentWindow;
      inside.postMessage = (data) => this.tell(new MessageEvent("message", { data }));
      inside.importScripts = (...urls) =>
        urls.reduce((before, one) => before.then(() => this.load(one)), Promise.resolve());
      this.load(url).then(() => {
        this.ready = true;
        this.waiting.splice(0).forEach((data) => this.postMessage(data));
      });
    }

    load(url) {
      return new Promise((resolve, reject) => {
        const script = this.frame.contentDocument.createElement("script");
        script.src = url;
        script.onload = resolve;
        script.onerror = () => {
          this.tell(new ErrorEvent("error", { message: `${url} cannot be read` }));
          reject(new Error(url));
        };
        this.frame.contentDocument.body.appendChild(script);
      });
    }

    tell(event) {
      this.dispatchEvent(event);
      const own = event.type === "message" ? this.onmessage : this.onerror;
      if (own) own.call(this, event);
    }

    postMessage(data) {
      if (!this.ready) this.waiting.push(data);
      else this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data }));
    }

    terminate() {
      this.frame.remove();
    }
  };
}
