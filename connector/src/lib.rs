//! Holds the WhatsApp sockets: supervisor, session actors, conversion.
