using Messaging;

namespace Inbox;

internal static class WireNames
{
    /// <exception cref="ArgumentException">The name is blank or has more than <paramref name="maxBytes"/> UTF-8 bytes.</exception>
    public static string Require(string name, int maxBytes, string parameter)
    {
        if (string.IsNullOrWhiteSpace(name) || WireBounds.Utf8Length(name) > maxBytes)
        {
            throw new ArgumentException($"\"{name}\" must have 1 to {maxBytes} UTF-8 bytes and not be blank.", parameter);
        }

        return name;
    }
}
