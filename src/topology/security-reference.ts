/** The chapter on TLS, SASL, rights and compression of the reference. */
export const securityText = `
## Security

\`\`\`yaml
broker:
  type: kafka
  brokers: ["kafka-1.example:9093", "kafka-2.example:9093"]
  tls: { ca: certificates/ca.pem }              # or true, where a public authority signed the brokers' certificates
  sasl: { mechanism: scram_sha_512, username: millrace, password: "\${file:/run/secrets/kafka}" }
\`\`\`

- **TLS.** The brokers' certificates, and the names in them, are always checked; there is no option that turns this off. \`server_name\` is for a broker that is reached by another name than the one in its certificate. TLS 1.2 at least.
  \`ca\`, \`cert\` and \`key\` are PEM: a file, relative to the topology file, or the text itself, as \`\${file:/run/secrets/key}\` gives it. They are read when the file is loaded; with \`--watch\` a file that is replaced is a change of the topology, and
  SIGHUP reads them anew at any time.
- **SASL.** Without TLS it works, and a warning says so once (\`plaintext_credentials\`). \`oauthbearer\` gets a token at \`token_endpoint\` by client credentials, for all connections one, keeps it, and gets the next before it ends (at 80 % of its life, or 5 minutes before its end); an endpoint that is away is
  waited for. Sessions that the brokers limit (\`connections.max.reauth.ms\`) are renewed on the same connections at 85 % of their life, while records flow.
- **Amazon MSK.** \`aws_msk_iam\` signs tokens by AWS's own package, which has to be installed beside Millrace: \`npm install aws-msk-iam-sasl-signer-js\`. The signature is checked by a second computation; against MSK itself it has not been tried, for want of an account.
- **What is refused** (\`authentication_failed\`, \`tls_failed\`, \`not_authorized\`) stops the topology within seconds, and is not tried again and again: however many connections there are, a broker is asked about credentials once, and after a refusal not for ten seconds.
- **Rights** that a topology needs, as ACLs: Read on its topics and on its group; Write on its outputs, dead letters and late records; Write on transactional ids that begin with its group (exactly_once), or Write on any topic (at_least_once). With keyed nodes: Create, Read, Write, Delete and DescribeConfigs on topics that
  begin with the group and \`-\`. DescribeConfigs on outputs, so that sizes and timestamps that a topic refuses become dead letters; without it a warning says that Kafka's defaults are taken. A right that is missing is named, with the command that gives it.
- **Secrets**, whatever way they came into the file, are in no log, error, metric or answer, nor are their base64 forms.

## Compression

\`compression\` of a sink is \`none\`, \`gzip\`, \`snappy\`, \`lz4\` or \`zstd\`; what is read may be compressed with any of them. A batch is unpacked to 256 MiB at most. Whether a record is too large is judged before compression.
`;
