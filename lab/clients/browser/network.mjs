// A network between the browser and a program, whose answers can be held up for
// as long as a test needs.
import { createServer, request } from "node:http";
import { after } from "node:test";

export class Network {
  #held = []; // what waits for a request of its path

  // Returns a network in front of the program at a URL.
  static async before(program) {
    const network = new Network();
    const server = createServer((asked, answer) => network.#pass(new URL(program), asked, answer));
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    after(() => { server.close(); server.closeAllConnections(); });
    network.url = `http://127.0.0.1:${server.address().port}`;
    return network;
  }

  // Holds up the answer to the next request for a path. What it returns has a
  // promise of what the program answered, one of the browser's hanging up, and
  // release, with which the answer goes on.
  hold(path) {
    const held = { path };
    held.answered = new Promise((resolve) => { held.arrive = resolve; });
    held.gone = new Promise((resolve) => { held.leave = resolve; });
    held.passing = new Promise((resolve) => { held.release = resolve; });
    this.#held.push(held);
    return held;
  }

  #pass(to, asked, answer) {
    const i = this.#held.findIndex(({ path }) => path === asked.url.split("?")[0]);
    const held = i < 0 ? null : this.#held.splice(i, 1)[0];
    const onward = request({ host: to.hostname, port: to.port, method: asked.method, path: asked.url, headers: asked.headers }, async (reply) => {
      answer.on("close", () => {
        if (answer.writableFinished) return;
        onward.destroy();
        held?.leave();
      });
      held?.arrive({ status: reply.statusCode, asked: asked.headers });
      await held?.passing;
      answer.writeHead(reply.statusCode, reply.rawHeaders);
      reply.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    asked.pipe(onward);
  }
}
