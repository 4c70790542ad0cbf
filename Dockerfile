# torrent-dl in a small image, run by a user without rights:
#
#   docker build -t torrent-dl .
#   docker run --rm --network host -v "$PWD:/data" --user "$(id -u):$(id -g)" torrent-dl linux.torrent
#
# The optional add-on bignum is left out: without it the command does the same (src/tracker/uint64.ts).

FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --ignore-scripts --omit=dev --omit=optional --no-audit --no-fund

FROM node:24-slim
COPY --from=build /build/package.json /app/package.json
COPY --from=build /build/bin /app/bin
COPY --from=build /build/dist/bundle /app/dist/bundle
COPY --from=build /build/node_modules /app/node_modules
RUN ln -s /app/bin/torrent-dl.js /usr/local/bin/torrent-dl \
  && mkdir -m 1777 /state \
  && install -d -o node -g node /data
ENV NODE_ENV=production XDG_STATE_HOME=/state
USER node
WORKDIR /data
EXPOSE 6881/tcp
ENTRYPOINT ["torrent-dl"]
CMD ["--help"]
