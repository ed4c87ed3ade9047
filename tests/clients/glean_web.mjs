// A product that reports with `@mozilla/glean`, as published for browsers; Node.js lends it a store and a window.
// Arguments: base address, receipt. Prints what was asked and answered, and the client id that the package made up.
import { gunzipSync } from "node:zlib";

const kept = new Map();
globalThis.localStorage = {
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => kept.set(key, value),
  removeItem: (key) => kept.delete(key),
};
globalThis.sessionStorage = { getItem: () => null };
globalThis.window = globalThis;
globalThis.document = { addEventListener() {}, visibilityState: "visible" };
Object.defineProperty(globalThis, "navigator", { value: { userAgent: "Linux", language: "de-DE" }, configurable: true });

const asked = [];
const clients = new Set();
const plain = globalThis.fetch;
globalThis.fetch = async (url, told) => {
  const body = typeof told.body === "string" ? told.body : gunzipSync(told.body).toString();
  const client = JSON.parse(body).client_info?.client_id;
  if (client) clients.add(client);
  const answer = await plain(url, told);
  asked.push([new URL(url).pathname.split("/").at(-3), answer.status]);
  return answer;
};
const arrived = async (count) => {
  while (asked.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
};

const { default: Glean, Uploader, BrowserSendBeaconFallbackUploader: shipped } = await import("@mozilla/glean/web");
const { default: Ping } = await import("@mozilla/glean/private/ping");
const { default: Quantity } = await import("@mozilla/glean/private/metrics/quantity");
const { default: Labelled } = await import("@mozilla/glean/private/metrics/labeled");
const { default: Counter } = await import("@mozilla/glean/private/metrics/counter");
const { default: Text } = await import("@mozilla/glean/private/metrics/string");

const about = (name) => ({ category: "usage", name, sendInPings: ["weekly"], lifetime: "ping", disabled: false });
const weekly = new Ping({ name: "weekly", includeClientId: true, sendIfEmpty: false, reasonCodes: [] });
const cores = new Quantity(about("cores"));
const plugins = new Labelled(about("plugins_in_use"), Counter, null, "labeled_counter");
const edition = new Text(about("product_edition"));

// Its addresses have no path, and must be https: the receipt is put in by its own uploader.
const [, , base, receipt] = process.argv;
const server = "https://telemetry.example.com";
class ByReceipt extends Uploader {
  post(url, ping) {
    return shipped.post(url.replace(server, `${base}/t/${receipt}`), ping);
  }
  supportsCustomHeaders() {
    return shipped.supportsCustomHeaders();
  }
}
Glean.initialize("example-sensor", true, { serverEndpoint: server, appDisplayVersion: "5.2.1", httpClient: new ByReceipt() });
cores.set(4);
plugins["undeclared"].add(2);
weekly.submit();
await arrived(1);
cores.set(8);
plugins["dns"].add(3);
edition.set("server");
weekly.submit();
await arrived(2);
cores.set(16);
weekly.submit();
await arrived(3);
Glean.setUploadEnabled(false);
await arrived(4);
console.log(JSON.stringify({ asked, clients: [...clients] }));
