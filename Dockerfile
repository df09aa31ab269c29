# A small image with the one program; a site is mounted at /site.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* && useradd --system --uid 10001 infocus
COPY --from=build /src/target/release/infocus /usr/local/bin/infocus
USER infocus
WORKDIR /site
ENTRYPOINT ["infocus", "--site", "/site"]
CMD ["serve", "--schedule", "--listen", "0.0.0.0:8080"]
