// What the reference library of Standard Webhooks makes of one question, both as JSON.
// {do: "sign", secret, id, timestamp, body} gives the signature;
// {do: "verify", secret, headers, body} gives the payload, or null where it refuses.
const { Webhook, WebhookVerificationError } = require('standardwebhooks');

const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const library = new Webhook(asked.secret);

function verified() {
  try {
    return library.verify(asked.body, asked.headers);
  } catch (error) {
    if (error instanceof WebhookVerificationError) return null;
    throw error;
  }
}

const answer = asked.do === 'sign'
  ? library.sign(asked.id, new Date(asked.timestamp * 1000), asked.body)
  : verified();
console.log(JSON.stringify(answer));
