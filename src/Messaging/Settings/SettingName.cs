namespace Messaging;

/// <summary>Settings are named to their readers as they are set: as environment variables.</summary>
public static class SettingName
{
    /// <summary>The environment variable of a key of the configuration: <c>Outbox__Lease</c> for <c>Outbox:Lease</c>.</summary>
    public static string OfKey(string key) => key.Replace(":", "__", StringComparison.Ordinal);
}
