// Badges beside a name: what [set, version] of sluice-chat(5) stands for.
import { count } from "../lib/format.js";

const plain = {
  broadcaster: ["Broadcaster", "★"], moderator: ["Moderator", "⛨"], vip: ["VIP", "◆"], founder: ["Founder", "♔"], staff: ["Staff", "⚙"], bot: ["Bot", "⌁"],
  turbo: ["Turbo", "ϟ"], premium: ["Prime", "♛"],
};

// A subscriber's version is the months at which the badge changed last, and a thousand for each tier above the first: 2003 is tier 2, 3 months.
function subscriber(version) {
  const tier = Math.max(1, Math.floor(version / 1000));
  const months = version % 1000;
  return { title: `Subscriber${tier > 1 ? `, tier ${tier}` : ""}${months > 0 ? `, ${months} months` : ""}`, sign: "♥", look: "subscriber" };
}

// A version of bits is the step of all that was cheered in the channel.
function bits(version) {
  const metal = version < 1000 ? "bronze" : version < 10_000 ? "silver" : "gold";
  return { title: `Cheered ${count(version)} ${version === 1 ? "bit" : "bits"}${version > 1 ? " or more" : ""}`, sign: "⬢", look: `bits ${metal}` };
}

// {title, sign, look}, look being classes; null for a set that is not known here.
export function badge([set, version]) {
  const number = Number(version);
  if (set === "subscriber") return subscriber(Number.isInteger(number) && number > 0 ? number : 0);
  if (set === "bits") return Number.isInteger(number) && number > 0 ? bits(number) : null;
  if (!Object.hasOwn(plain, set)) return null;
  const [title, sign] = plain[set];
  return { title, sign, look: set };
}
