npm init -y
npm pkg set type=module
npm install /path/to/meerkat-0.1.0.tgz tsx fastify
