// A browser visits the demonstration as people do: chooses, is too young, buys, registers, signs up, posts, asks, leaves.
// node journey.mjs chrome|firefox BASE_URL SIGNAL(0|1) SCREENS; prints JSON with what it saw. It judges nothing: the test does.
import puppeteer from "puppeteer-core";

const [kind, base, signal, screens] = process.argv.slice(2);
const MS = 60000;
const seen = { hosts: [], visits: [] };

function launch() {
  const common = { browser: kind, headless: true };
  if (kind === "chrome")
    return puppeteer.launch({
      ...common,
      executablePath: "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
    });
  return puppeteer.launch({
    ...common,
    executablePath: "/usr/bin/firefox-esr",
    extraPrefsFirefox: {
      "privacy.globalprivacycontrol.enabled": signal === "1",
      "privacy.globalprivacycontrol.functionality.enabled": true,
      "devtools.jsonview.enabled": false,
    },
  });
}

class Visitor {
  // Somebody new: a browser without cookies.
  static async new(browser) {
    const one = new Visitor();
    one.context = await browser.createBrowserContext();
    one.page = await one.context.newPage();
    one.page.setDefaultTimeout(MS);
    one.page.on("request", (request) => {
      const url = new URL(request.url());
      const where = one.paying ? "paying" : "site";
      if (url.protocol !== "data:" && !seen.hosts.includes(`${where} ${url.host}`)) seen.hosts.push(`${where} ${url.host}`);
      if (url.pathname === "/api/event") seen.visits.push(one.doing);
    });
    if (kind === "chrome" && signal === "1") await one.page.setExtraHTTPHeaders({ "Sec-GPC": "1" });
    return one;
  }

  async open(path, doing = path) {
    this.doing = doing;
    await this.page.goto(base + path);
  }

  async first(path) {
    // The first page of a visit: the banner is answered before anything else, where there is one.
    await this.open(path);
    if (signal === "0") await this.refuse();
  }

  async refuse() {
    await this.page.waitForSelector(".troth-banner");
    await this.page.click(".troth-banner button[value=none]");
    await this.page.waitForFunction(() => !document.querySelector(".troth-banner"));
  }

  async look(path, doing) {
    // Open a page and wait until its scripts have asked for what they want; a visit that is told may stay open.
    await this.open(path, doing);
    await this.page.waitForNetworkIdle({ idleTime: 250, concurrency: 1 });
  }

  text(selector) {
    return this.page.$eval(selector, (one) => one.textContent.replace(/\s+/g, " ").trim());
  }

  has(selector) {
    return this.page.$(selector).then(Boolean);
  }

  path() {
    const { pathname, search } = new URL(this.page.url());
    return pathname + search;
  }

  async press(words, within = "a, button") {
    // Follow a link or press a button by its words, and wait for the page that it leads to.
    const found = await this.page.evaluateHandle(
      (words, within) => [...document.querySelectorAll(within)].find((one) => one.textContent.replace(/\s+/g, " ").trim().startsWith(words)),
      words,
      within,
    );
    if (!(await found.evaluate((one) => Boolean(one)))) throw new Error(`nothing says "${words}" on ${this.page.url()}`);
    await Promise.all([this.page.waitForNavigation(), found.click()]);
  }

  async fill(fields) {
    // Type into fields by their labels, over what stands there.
    for (const [label, value] of Object.entries(fields)) {
      const id = await this.page.evaluate(
        (label) => [...document.querySelectorAll("label")].find((one) => one.textContent.trim().startsWith(label))?.htmlFor,
        label,
      );
      if (!id) throw new Error(`no label begins with "${label}" on ${this.page.url()}`);
      await this.page.$eval(`[id="${id}"]`, (one) => { one.value = ""; });
      await this.page.type(`[id="${id}"]`, value);
    }
  }

  async age(year) {
    const month = String(new Date().getMonth() + 1);
    await this.fill({ "Month of birth": month, "Year of birth": String(year) });
    await this.press("Go on");
  }

  async state() {
    const page = await this.context.newPage();
    if (kind === "chrome" && signal === "1") await page.setExtraHTTPHeaders({ "Sec-GPC": "1" });
    await page.goto(`${base}/v1/choice`);
    const choice = JSON.parse(await page.evaluate(() => document.body.textContent));
    await page.close();
    return {
      made: choice.made,
      signal: choice.signal,
      allowed: choice.purposes.filter((one) => one.allowed).map((one) => one.purpose),
    };
  }

  async cookies() {
    return (await this.page.cookies()).map((one) => ({ name: one.name, session: one.session !== false && !(one.expires > 0), value: one.value }));
  }

  async mailTo(address, number) {
    // The link in the newest mail to somebody, as soon as there are so many; the mailbox page shows the mails of the folder.
    for (const end = Date.now() + 2 * MS; Date.now() < end; ) {
      await this.open("/mailbox");
      const links = await this.page.$$eval(
        "article",
        (mails, address) => mails.filter((one) => one.textContent.includes(address)).map((one) => one.querySelector(".mail a").getAttribute("href")),
        address,
      );
      if (links.length >= number) return links[0];
    }
    throw new Error(`no mail number ${number} for ${address}`);
  }

  shot(name) {
    return this.page.screenshot({ path: `${screens}/${kind}-${name}.png`, fullPage: true });
  }

  close() {
    return this.context.close();
  }
}

async function choosing(browser) {
  const one = await Visitor.new(browser);
  const said = (seen.choosing = {});
  await one.look("/", "before the choice");
  said.signalInPage = await one.page.evaluate(() => navigator.globalPrivacyControl ?? null);
  if (signal === "0") await one.page.waitForSelector(".troth-banner");
  said.banner = await one.has(".troth-banner");
  said.cookiesBefore = await one.cookies();
  said.before = await one.state();
  await one.shot("home");
  if (said.banner) {
    await one.refuse();
  } else {
    await one.open("/choice");
    await one.press("Refuse all");
  }
  said.refused = await one.state();
  await one.look("/products", "after refusing");
  await one.open("/choice", "the choice page");
  await one.press("Allow all", "button");
  said.accepted = await one.state();
  await one.look("/products", "after allowing");
  await one.open("/choice", "the choice page");
  if (signal === "1") {
    said.honoured = await one.text(".signal");
    await one.page.click("input[name=knowingly]");
    await one.press("Save these choices", "button");
    said.knowingly = await one.state();
    await one.look("/products", "after allowing knowingly");
    await one.open("/choice", "the choice page");
  }
  await one.shot("choice");
  said.cookiesBetween = (await one.cookies()).map((cookie) => cookie.name).sort();
  await one.press("Refuse all", "button");
  said.changed = await one.state();
  said.cookiesAfter = (await one.cookies()).map((cookie) => cookie.name).sort();
  await one.look("/products", "after changing to no");
  await one.close();
}

async function tooYoung(browser) {
  const one = await Visitor.new(browser);
  const said = (seen.child = {});
  await one.first("/newsletter");
  await one.age(new Date().getFullYear() - 12);
  said.place = one.path();
  said.fields = await one.page.$$eval(".troth-embedded input", (found) => found.length);
  await one.page.goBack();
  said.backAgain = await one.has("#troth-birth-year");
  if (said.backAgain) await one.age(1970);
  said.afterBack = await one.text(".troth-embedded");
  await one.open("/shop/checkout?product=sensor");
  said.checkout = await one.text(".troth-embedded");
  said.cookies = await one.cookies();
  said.stored = await one.page.evaluate(() => localStorage.length + sessionStorage.length);
  await one.shot("refused");
  await one.press("For parents and guardians", ".troth-embedded a");
  said.parents = await one.text("h1");
  await one.close();
}

async function buying(browser) {
  const one = await Visitor.new(browser);
  const said = (seen.buyer = {});
  await one.first("/shop");
  await one.press("Buy Example Sensor");
  await one.age(1970);
  said.place = one.path();
  one.paying = true;
  await one.press("Pay at Example Payments");
  await one.fill({ "Card number": "4111 1111 1111 1111", "Valid until": "04/30", "Security code": "123" });
  await one.shot("payment");
  await one.press("Accept");
  one.paying = false;
  await one.fill({ "Your name": "Bo Buyer", "E-mail address": `bo-${kind}@example.org`, "Street and number": "1 Example Street", City: "Example City", Country: "US" });
  await one.shot("checkout");
  await one.press("Order and pay");
  said.ordered = await one.text("h1");
  const serial = await one.text(".serial");
  said.registered = [];
  for (let time = 0; time < 2; time += 1) {
    await one.open("/register");
    await one.fill({ "Your name": time ? "Bo B. Buyer" : "Bo Buyer", "E-mail address": `bo-${kind}@example.org`, Product: "Example Sensor", "Serial number": serial });
    await one.press("Register the product");
    said.registered.push(await one.text(time ? ".troth-summary" : "h1"));
  }
  await one.close();
}

async function signingUp(browser) {
  const one = await Visitor.new(browser);
  const said = (seen.newsletter = {});
  const address = `nell-${kind}@example.org`;
  await one.first("/newsletter");
  await one.age(1970);
  await one.fill({ "E-mail address": address });
  await one.press("Sign up");
  said.sent = await one.text("h1");
  const link = await one.mailTo(address, 1);
  await one.open(link);
  said.asked = await one.text("h1");
  await one.press("Yes, confirm it");
  said.confirmed = await one.text("h1");
  await one.open(link);
  said.again = await one.text("h1");
  await one.close();
}

async function posting(browser) {
  const one = await Visitor.new(browser);
  const said = (seen.forum = {});
  const address = `fay-${kind}@example.org`;
  await one.first("/");
  await one.press("Forum");
  await one.open("/account/sign-up");
  await one.age(1970);
  await one.fill({ "E-mail address": address });
  await one.press("Create the account");
  await one.open(await one.mailTo(address, 1));
  await one.press("Yes, confirm it");
  said.account = await one.text("h1");
  await one.press("Sign out here");
  await one.open("/forum/new");
  said.signedOut = await one.text(".lead");
  await one.open("/account/sign-in");
  await one.fill({ "Your e-mail address": address });
  await one.press("Send me a link");
  await one.open(await one.mailTo(address, 2));
  await one.press("Sign in now");
  said.signedIn = await one.text("h1");
  await one.open("/forum");
  await one.press("Write a posting");
  said.warned = await one.text(".note");
  await one.fill({ "Name that everybody sees": `fay-${kind}`, "Your text": "Call me on +1 202-555-0143 about the sensor." });
  await one.press("Preview");
  said.marked = await one.page.$$eval(".findings mark", (found) => found.map((mark) => mark.firstChild.textContent.trim()));
  await one.shot("preview");
  await one.press("Publish");
  said.unacknowledged = await one.text("[role=alert]");
  await one.page.click("input[name=acknowledged]");
  await one.press("Publish");
  said.published = await one.text(".posting");
  const place = one.path().split("?")[0];
  await one.press("Edit");
  await one.fill({ "Your text": "The sensor works now." });
  await one.press("Preview");
  await one.page.click("input[name=acknowledged]");
  await one.press("Publish the change");
  said.edited = await one.text(".posting");
  const reader = await Visitor.new(browser);
  await reader.open(place);
  said.read = await reader.text(".posting");
  await one.press("Delete");
  said.deleting = await one.text(".note");
  await one.press("Delete it");
  said.deleted = await one.text("[role=status]");
  await reader.open(place);
  said.gone = await reader.text("body");
  await reader.close();
  await one.close();
}

async function asking(browser) {
  const one = await Visitor.new(browser);
  const said = (seen.support = {});
  await one.first("/contact");
  await one.age(1970);
  await one.fill({ "E-mail address": `sue-${kind}@example.org`, "Your question": "My sensor does not start." });
  await one.press("Send the question");
  said.received = await one.text("h1");
  await one.open("/");
  await one.press("the public list");
  said.leaving = await one.text("h1");
  said.way = await one.page.$eval("a.button", (link) => [link.href, link.rel]);
  await one.shot("leaving");
  await one.close();
}

const browser = await launch();
try {
  for (const part of [choosing, tooYoung, buying, signingUp, posting, asking]) await part(browser);
} finally {
  await browser.close();
}
console.log(JSON.stringify(seen));
