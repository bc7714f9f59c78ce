namespace Servers.Running;

/// <summary>What to try first.</summary>
internal static class FirstRequest
{
    public static string For(string url) =>
        $$"""
#if (!noInbox)
        Ask for a greeting; a line of the log tells when it was replied to:
#else
        Ask for a greeting; its message goes out:
#endif
          curl -i {{url}}/greetings -H 'Content-Type: application/json' -d '{"name":"Anna"}'
        """;
}
