import * as z from "zod";

// zod would try `new Function`, which the page's Content-Security-Policy forbids and every browser then complains of.
z.config({ jitless: true });
