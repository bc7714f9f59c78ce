using System.Diagnostics.CodeAnalysis;

namespace Messaging;

/// <summary>The messages that this service understands, by wire name. Filled by code: a name that is not here is
/// refused, and no CLR type name ever comes from the wire.</summary>
public sealed class MessageTypes
{
    private readonly Dictionary<string, Type> _byName = new(StringComparer.Ordinal);

    /// <summary>Adds <typeparamref name="TMessage"/> under its wire name. Adding it again changes nothing.</summary>
    /// <exception cref="ArgumentException">The wire name is blank, longer than 255 UTF-8 bytes, or taken by another type.</exception>
    public MessageTypes Add<TMessage>()
        where TMessage : IMessage
    {
        var name = TMessage.MessageType;
        if (string.IsNullOrWhiteSpace(name) || WireBounds.Utf8Length(name) > WireBounds.MaxShortStringBytes)
        {
            throw new ArgumentException(
                $"{typeof(TMessage).Name}.MessageType is \"{name}\": a wire name has 1 to {WireBounds.MaxShortStringBytes} UTF-8 bytes and is not blank.");
        }

        if (_byName.TryGetValue(name, out var known) && known != typeof(TMessage))
        {
            throw new ArgumentException(
                $"The wire name \"{name}\" of {typeof(TMessage).Name} is already that of {known.Name}: each message needs a name of its own.");
        }

        _byName[name] = typeof(TMessage);
        return this;
    }

    /// <summary>Finds the type whose wire name is <paramref name="name"/>; false for an unknown name.</summary>
    public bool TryFind(string? name, [NotNullWhen(true)] out Type? type)
    {
        type = null;
        return name is not null && _byName.TryGetValue(name, out type);
    }
}
