<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
    <context>
        <name>AvatarsPanel</name>
        <message>
            <source>Avatars</source>
            <translation>Avatare</translation>
        </message>
        <message>
            <source>Remove from the library</source>
            <translation>Aus der Bibliothek entfernen</translation>
        </message>
        <message>
            <source>Save as…</source>
            <translation>Speichern unter …</translation>
        </message>
        <message>
            <source>Show</source>
            <translation>Zeigen</translation>
        </message>
    </context>
    <context>
        <name>Binding</name>
        <message>
            <source>Background</source>
            <translation>Hintergrund</translation>
        </message>
        <message>
            <source>Face sliders</source>
            <translation>Gesichtsregler</translation>
        </message>
        <message>
            <source>Remove {name}</source>
            <translation>{name} entfernen</translation>
        </message>
        <message>
            <source>Show {name}</source>
            <translation>{name} zeigen</translation>
        </message>
    </context>
    <context>
        <name>Builds</name>
        <message>
            <source>Building {name}</source>
            <translation>{name} wird gebaut</translation>
        </message>
        <message>
            <source>Drag the handles onto the face in “{name}”, then press Build.</source>
            <translation>Ziehen Sie die Griffe auf das Gesicht in „{name}“ und drücken Sie dann „Bauen“.</translation>
        </message>
        <message>
            <source>Looking at {name}</source>
            <translation>{name} wird angesehen</translation>
        </message>
        <message>
            <source>Nothing was built. Drop a picture of a person who agrees.</source>
            <translation>Es wurde nichts gebaut. Ziehen Sie das Bild einer Person herein, die einwilligt.</translation>
        </message>
        <message>
            <source>Nothing was built. Drop a picture where one face looks towards the camera.</source>
            <translation>Es wurde nichts gebaut. Ziehen Sie ein Bild herein, auf dem ein Gesicht zur Kamera blickt.</translation>
        </message>
        <message>
            <source>One question before the head is built.</source>
            <translation>Eine Frage, bevor der Kopf gebaut wird.</translation>
        </message>
        <message>
            <source>Opening {name}</source>
            <translation>{name} wird geöffnet</translation>
        </message>
        <message>
            <source>The build was cancelled.</source>
            <translation>Der Bau wurde abgebrochen.</translation>
        </message>
        <message>
            <source>The picture shows {count} faces; click the one to build.</source>
            <translation>Das Bild zeigt {count} Gesichter; klicken Sie das an, das gebaut werden soll.</translation>
        </message>
    </context>
    <context>
        <name>CameraPanel</name>
        <message>
            <source>A picture file, cut to the square</source>
            <translation>Eine Bilddatei, auf das Quadrat zugeschnitten</translation>
        </message>
        <message>
            <source>Add key</source>
            <translation>Setzen</translation>
        </message>
        <message>
            <source>All round</source>
            <translation>Rundum</translation>
        </message>
        <message>
            <source>Also behind the head, which no portrait shows; otherwise only as far as it can be believed</source>
            <translation>Auch hinter den Kopf, den kein Porträt zeigt; sonst nur so weit, wie es zu glauben ist</translation>
        </message>
        <message>
            <source>Angle</source>
            <translation>Bildwinkel</translation>
        </message>
        <message>
            <source>Back to the portrait's own view (Home)</source>
            <translation>Zurück zur Ansicht des Porträts (Pos1)</translation>
        </message>
        <message>
            <source>Background</source>
            <translation>Hintergrund</translation>
        </message>
        <message>
            <source>Camera keys</source>
            <translation>Kameraschlüssel</translation>
        </message>
        <message>
            <source>Choose a camera, or type a name and save the present view under it</source>
            <translation>Eine Kamera wählen, oder einen Namen schreiben und die jetzige Ansicht darunter sichern</translation>
        </message>
        <message>
            <source>Colour</source>
            <translation>Farbe</translation>
        </message>
        <message>
            <source>Delete key</source>
            <translation>Löschen</translation>
        </message>
        <message>
            <source>Delete this saved camera</source>
            <translation>Diese gesicherte Kamera löschen</translation>
        </message>
        <message>
            <source>Distance</source>
            <translation>Abstand</translation>
        </message>
        <message>
            <source>Drag to orbit, wheel to zoom, middle button to pan, double click to reset.</source>
            <translation>Ziehen dreht, Mausrad zoomt, mittlere Taste verschiebt, Doppelklick setzt zurück.</translation>
        </message>
        <message>
            <source>Drop the camera key under the playhead, or the one before it</source>
            <translation>Den Kameraschlüssel unter dem Abspielkopf verwerfen, oder den davor</translation>
        </message>
        <message>
            <source>Front</source>
            <translation>Vorn</translation>
        </message>
        <message>
            <source>Grid and safe areas</source>
            <translation>Gitter und sichere Bereiche</translation>
        </message>
        <message>
            <source>How far the camera stands, as a multiple of the portrait's; it changes the perspective</source>
            <translation>Wie weit die Kamera steht, als Vielfaches der des Porträts; es ändert die Perspektive</translation>
        </message>
        <message>
            <source>Keep the present view in the project under this name</source>
            <translation>Die jetzige Ansicht unter diesem Namen im Projekt behalten</translation>
        </message>
        <message>
            <source>Keys for one turn round the head, from the playhead on</source>
            <translation>Schlüssel für eine Runde um den Kopf, ab dem Abspielkopf</translation>
        </message>
        <message>
            <source>Left</source>
            <translation>Links</translation>
        </message>
        <message>
            <source>Look from here ({key})</source>
            <translation>Von hier ansehen ({key})</translation>
        </message>
        <message>
            <source>Name of a camera</source>
            <translation>Name einer Kamera</translation>
        </message>
        <message>
            <source>Nothing: a checkerboard stands for it</source>
            <translation>Nichts: ein Schachbrett steht dafür</translation>
        </message>
        <message>
            <source>One colour</source>
            <translation>Eine Farbe</translation>
        </message>
        <message>
            <source>Picture</source>
            <translation>Bild</translation>
        </message>
        <message>
            <source>Picture…</source>
            <translation>Bild …</translation>
        </message>
        <message>
            <source>Pitch</source>
            <translation>Neigung</translation>
        </message>
        <message>
            <source>Pixels the head is rendered at; smaller is faster</source>
            <translation>Pixel, in denen der Kopf gezeichnet wird; weniger ist schneller</translation>
        </message>
        <message>
            <source>Plate</source>
            <translation>Foto</translation>
        </message>
        <message>
            <source>Render size</source>
            <translation>Bildgröße</translation>
        </message>
        <message>
            <source>Reset</source>
            <translation>Zurück</translation>
        </message>
        <message>
            <source>Right</source>
            <translation>Rechts</translation>
        </message>
        <message>
            <source>Roll</source>
            <translation>Rollen</translation>
        </message>
        <message>
            <source>Save</source>
            <translation>Sichern</translation>
        </message>
        <message>
            <source>Saved cameras</source>
            <translation>Gesicherte Kameras</translation>
        </message>
        <message>
            <source>Seconds of a turn</source>
            <translation>Sekunden einer Runde</translation>
        </message>
        <message>
            <source>The camera stands like this when the playhead is here; it moves between keys</source>
            <translation>So steht die Kamera, wenn der Abspielkopf hier ist; zwischen Schlüsseln bewegt sie sich</translation>
        </message>
        <message>
            <source>The portrait's own background</source>
            <translation>Der Hintergrund des Porträts</translation>
        </message>
        <message>
            <source>Thirds, centre, and what every screen surely shows; not exported (G)</source>
            <translation>Drittel, Mitte, und was jeder Bildschirm sicher zeigt; wird nicht exportiert (G)</translation>
        </message>
        <message>
            <source>Transparent</source>
            <translation>Ohne</translation>
        </message>
        <message>
            <source>Turntable</source>
            <translation>Drehteller</translation>
        </message>
        <message>
            <source>View</source>
            <translation>Ansicht</translation>
        </message>
        <message>
            <source>Wide or narrow: the camera moves along, so that the head keeps its size</source>
            <translation>Weit oder eng: Die Kamera geht mit, sodass der Kopf seine Größe behält</translation>
        </message>
        <message>
            <source>Yaw</source>
            <translation>Drehung</translation>
        </message>
        <message>
            <source>Zoom</source>
            <translation>Zoom</translation>
        </message>
        <message>
            <source>{size} × {size} px</source>
            <translation>{size} × {size} px</translation>
        </message>
    </context>
    <context>
        <name>CameraWork</name>
        <message>
            <source>Add camera key</source>
            <translation>Kameraschlüssel hinzufügen</translation>
        </message>
        <message>
            <source>Background {name}</source>
            <translation>Hintergrund {name}</translation>
        </message>
        <message>
            <source>Camera {n}</source>
            <translation>Kamera {n}</translation>
        </message>
        <message>
            <source>Delete camera key</source>
            <translation>Kameraschlüssel löschen</translation>
        </message>
        <message>
            <source>Delete camera {name}</source>
            <translation>Kamera {name} löschen</translation>
        </message>
        <message>
            <source>Opening {name}</source>
            <translation>{name} wird geöffnet</translation>
        </message>
        <message>
            <source>Save camera {name}</source>
            <translation>Kamera {name} sichern</translation>
        </message>
        <message>
            <source>There is no camera key here or before; put the playhead on one.</source>
            <translation>Hier und davor ist kein Kameraschlüssel; setzen Sie den Abspielkopf auf einen.</translation>
        </message>
        <message>
            <source>Turntable</source>
            <translation>Drehteller</translation>
        </message>
    </context>
    <context>
        <name>Cameras</name>
        <message>
            <source>Look straight into the camera and relax, for one second.</source>
            <translation>Blicken Sie eine Sekunde lang entspannt geradeaus in die Kamera.</translation>
        </message>
        <message>
            <source>Looking for cameras</source>
            <translation>Kameras werden gesucht</translation>
        </message>
    </context>
    <context>
        <name>ConsentCard</name>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Do you have the consent of the people in these {count} pictures?</source>
            <translation>Haben Sie die Einwilligung der Personen auf diesen {count} Bildern?</translation>
        </message>
        <message>
            <source>Do you have the consent of the person in “{name}”?</source>
            <translation>Haben Sie die Einwilligung der Person auf „{name}“?</translation>
        </message>
        <message>
            <source>Do you have the consent of the person you chose in “{name}”?</source>
            <translation>Haben Sie die Einwilligung der Person, die Sie auf „{name}“ gewählt haben?</translation>
        </message>
        <message>
            <source>The answer is kept with the avatar; you are asked once per person.</source>
            <translation>Die Antwort bleibt beim Avatar; Sie werden je Person einmal gefragt.</translation>
        </message>
        <message>
            <source>Yes, build the head</source>
            <translation>Ja, den Kopf bauen</translation>
        </message>
    </context>
    <context>
        <name>Director</name>
        <message>
            <source>'{name}' is no picture, sound or avatar; drop a JPEG, PNG, WAV or .avatar file.</source>
            <translation>„{name}“ ist weder Bild noch Ton noch Avatar; ziehen Sie eine JPEG-, PNG-, WAV- oder .avatar-Datei herein.</translation>
        </message>
        <message>
            <source>Avatars</source>
            <translation>Avatare</translation>
        </message>
        <message>
            <source>Compiling for this computer, once</source>
            <translation>Einmaliges Übersetzen für diesen Computer</translation>
        </message>
        <message>
            <source>Gain of {name}</source>
            <translation>Verstärkung von {name}</translation>
        </message>
        <message>
            <source>Library</source>
            <translation>Bibliothek</translation>
        </message>
        <message>
            <source>Opening {name}</source>
            <translation>{name} wird geöffnet</translation>
        </message>
        <message>
            <source>Saved {name}.</source>
            <translation>{name} wurde gespeichert.</translation>
        </message>
        <message>
            <source>Saving {name}</source>
            <translation>{name} wird gespeichert</translation>
        </message>
        <message>
            <source>The file of the avatar that was shown is missing; choose another avatar.</source>
            <translation>Die Datei des gezeigten Avatars fehlt; wählen Sie einen anderen Avatar.</translation>
        </message>
        <message>
            <source>Warming up</source>
            <translation>Wird vorbereitet</translation>
        </message>
        <message>
            <source>“{name}” is ready. Press the microphone and speak.</source>
            <translation>„{name}“ ist bereit. Drücken Sie das Mikrofon und sprechen Sie.</translation>
        </message>
        <message>
            <source>“{name}” was removed.</source>
            <translation>„{name}“ wurde entfernt.</translation>
        </message>
    </context>
    <context>
        <name>DriveLoop</name>
        <message>
            <source>Playing without sound, by the computer's clock. {reason}</source>
            <translation>Spielt ohne Ton, nach der Uhr des Rechners. {reason}</translation>
        </message>
        <message>
            <source>The calibration stopped, because the microphone is gone; repeat it then.</source>
            <translation>Die Kalibrierung endete, weil das Mikrofon fort ist; wiederholen Sie sie danach.</translation>
        </message>
        <message>
            <source>The sound output stopped; check the system's sound settings and press Space.</source>
            <translation>Die Tonausgabe ist stehen geblieben; prüfen Sie die Toneinstellungen des Systems und drücken Sie die Leertaste.</translation>
        </message>
        <message>
            <source>The timeline has ended.</source>
            <translation>Die Zeitleiste ist zu Ende.</translation>
        </message>
    </context>
    <context>
        <name>DrivePanel</name>
        <message>
            <source>Blink</source>
            <translation>Blinzeln</translation>
        </message>
        <message>
            <source>Blink, look about and breathe also while nobody speaks</source>
            <translation>Auch blinzeln, umherblicken und atmen, während niemand spricht</translation>
        </message>
        <message>
            <source>Both</source>
            <translation>Beide</translation>
        </message>
        <message>
            <source>Calibrate</source>
            <translation>Kalibrieren</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Closure</source>
            <translation>Lippenschluss</translation>
        </message>
        <message>
            <source>Emphasis</source>
            <translation>Betonung</translation>
        </message>
        <message>
            <source>Fits anyone's voice</source>
            <translation>Passt zu jeder Stimme</translation>
        </message>
        <message>
            <source>Fits your voice</source>
            <translation>Passt zu Ihrer Stimme</translation>
        </message>
        <message>
            <source>Forget the calibration of this microphone</source>
            <translation>Die Kalibrierung dieses Mikrofons vergessen</translation>
        </message>
        <message>
            <source>Gate</source>
            <translation>Schwelle</translation>
        </message>
        <message>
            <source>Head</source>
            <translation>Kopf</translation>
        </message>
        <message>
            <source>Head motion</source>
            <translation>Kopfbewegung</translation>
        </message>
        <message>
            <source>Hear yourself, in step with the lips</source>
            <translation>Sich hören, im Takt der Lippen</translation>
        </message>
        <message>
            <source>How calmly jaw and lips move; closures stay quick</source>
            <translation>Wie ruhig sich Kiefer und Lippen bewegen; Lippenschlüsse bleiben schnell</translation>
        </message>
        <message>
            <source>How far speech opens and shapes the mouth</source>
            <translation>Wie weit Sprache den Mund öffnet und formt</translation>
        </message>
        <message>
            <source>How little sound counts as your voice: less for a noisy room</source>
            <translation>Wie wenig Ton als Ihre Stimme zählt: weniger in einem lauten Raum</translation>
        </message>
        <message>
            <source>How long the mouth waits to hear what comes next: longer closes lips more surely</source>
            <translation>Wie lange der Mund abwartet, was als Nächstes kommt: länger schließt die Lippen sicherer</translation>
        </message>
        <message>
            <source>How much stressed syllables open the mouth and move the head</source>
            <translation>Wie sehr betonte Silben den Mund öffnen und den Kopf bewegen</translation>
        </message>
        <message>
            <source>How much the head sways by itself</source>
            <translation>Wie sehr sich der Kopf von selbst wiegt</translation>
        </message>
        <message>
            <source>How readily the lips shut on p, b and m</source>
            <translation>Wie bereitwillig sich die Lippen bei p, b und m schließen</translation>
        </message>
        <message>
            <source>Look for microphones again</source>
            <translation>Erneut nach Mikrofonen suchen</translation>
        </message>
        <message>
            <source>Look-ahead</source>
            <translation>Vorlauf</translation>
        </message>
        <message>
            <source>Measured from a sound at the microphone to the painted picture that shows it, look-ahead included</source>
            <translation>Gemessen vom Ton am Mikrofon bis zum gemalten Bild, das ihn zeigt, mit Vorlauf</translation>
        </message>
        <message>
            <source>Microphone</source>
            <translation>Mikrofon</translation>
        </message>
        <message>
            <source>Microphone to picture: not measured yet</source>
            <translation>Mikrofon bis Bild: nicht gemessen</translation>
        </message>
        <message>
            <source>Microphone to picture: {ms:.0f} ms</source>
            <translation>Mikrofon bis Bild: {ms:.0f} ms</translation>
        </message>
        <message>
            <source>Monitor</source>
            <translation>Mithören</translation>
        </message>
        <message>
            <source>Monitor shift</source>
            <translation>Versatz beim Mithören</translation>
        </message>
        <message>
            <source>Motion</source>
            <translation>Bewegung</translation>
        </message>
        <message>
            <source>Mouth</source>
            <translation>Mund</translation>
        </message>
        <message>
            <source>Moves the sound against the picture, for screens and headphones that are late themselves</source>
            <translation>Verschiebt den Ton gegen das Bild, für Bildschirme und Kopfhörer, die selbst verzögern</translation>
        </message>
        <message>
            <source>No microphone found</source>
            <translation>Kein Mikrofon gefunden</translation>
        </message>
        <message>
            <source>Plays the microphone on the sound output as late as the picture is. Wear headphones: on loudspeakers the microphone hears it again and it howls</source>
            <translation>Gibt das Mikrofon so spät auf der Tonausgabe wieder, wie das Bild ist. Tragen Sie Kopfhörer: Aus Lautsprechern hört das Mikrofon es erneut, und es pfeift</translation>
        </message>
        <message>
            <source>Shift</source>
            <translation>Versatz</translation>
        </message>
        <message>
            <source>Smoothing</source>
            <translation>Glättung</translation>
        </message>
        <message>
            <source>Sound never leaves this computer.</source>
            <translation>Ton verlässt diesen Rechner nie.</translation>
        </message>
        <message>
            <source>Source</source>
            <translation>Quelle</translation>
        </message>
        <message>
            <source>Speak for ten seconds, so that the mouth fits your voice and this microphone</source>
            <translation>Sprechen Sie zehn Sekunden lang, damit der Mund zu Ihrer Stimme und diesem Mikrofon passt</translation>
        </message>
        <message>
            <source>Speak for {s} more s</source>
            <translation>Noch {s} s sprechen</translation>
        </message>
        <message>
            <source>Stay alive at rest</source>
            <translation>In Ruhe lebendig bleiben</translation>
        </message>
        <message>
            <source>System microphone</source>
            <translation>Mikrofon des Systems</translation>
        </message>
        <message>
            <source>Webcam</source>
            <translation>Webcam</translation>
        </message>
        <message>
            <source>What drives the head live; with both, speech moves the lips and your face the rest</source>
            <translation>Was den Kopf live antreibt; mit beiden bewegt Sprache die Lippen und Ihr Gesicht den Rest</translation>
        </message>
        <message>
            <source>Which microphone is heard; no other is ever taken in its place</source>
            <translation>Welches Mikrofon gehört wird; nie wird ein anderes an seiner Stelle genommen</translation>
        </message>
        <message>
            <source>{db:.0f} dBFS</source>
            <translation>{db:.0f} dBFS</translation>
        </message>
        <message>
            <source>{ms:+.0f} ms</source>
            <translation>{ms:+.0f} ms</translation>
        </message>
        <message>
            <source>{ms:.0f} ms</source>
            <translation>{ms:.0f} ms</translation>
        </message>
        <message>
            <source>{name} (not there)</source>
            <translation>{name} (nicht da)</translation>
        </message>
    </context>
    <context>
        <name>Editing</name>
        <message>
            <source>Add key</source>
            <translation>Setzen</translation>
        </message>
        <message>
            <source>Add marker</source>
            <translation>Marke setzen</translation>
        </message>
        <message>
            <source>Change curve</source>
            <translation>Kurve ändern</translation>
        </message>
        <message>
            <source>Cut</source>
            <translation>Ausschneiden</translation>
        </message>
        <message>
            <source>Delete</source>
            <translation>Löschen</translation>
        </message>
        <message>
            <source>Duplicate</source>
            <translation>Duplizieren</translation>
        </message>
        <message>
            <source>Loop</source>
            <translation>Schleife</translation>
        </message>
        <message>
            <source>Marker {number}</source>
            <translation>Marke {number}</translation>
        </message>
        <message>
            <source>Move</source>
            <translation>Verschieben</translation>
        </message>
        <message>
            <source>Mute</source>
            <translation>Stumm schalten</translation>
        </message>
        <message>
            <source>Paste</source>
            <translation>Einfügen</translation>
        </message>
        <message>
            <source>Rename marker</source>
            <translation>Marke umbenennen</translation>
        </message>
        <message>
            <source>Ripple delete</source>
            <translation>Löschen und aufrücken</translation>
        </message>
        <message>
            <source>Separate lanes</source>
            <translation>Spuren trennen</translation>
        </message>
        <message>
            <source>Set tangents</source>
            <translation>Tangenten setzen</translation>
        </message>
        <message>
            <source>Solo</source>
            <translation>Solo</translation>
        </message>
        <message>
            <source>Split</source>
            <translation>Teilen</translation>
        </message>
        <message>
            <source>Stop looping</source>
            <translation>Schleife beenden</translation>
        </message>
        <message>
            <source>Trim</source>
            <translation>Kürzen</translation>
        </message>
        <message>
            <source>Unmute</source>
            <translation>Stummschaltung aufheben</translation>
        </message>
    </context>
    <context>
        <name>EmptyStage</name>
        <message>
            <source>Build a head from a public-domain portrait</source>
            <translation>Einen Kopf aus einem gemeinfreien Porträt bauen</translation>
        </message>
        <message>
            <source>Drop a portrait, or press Ctrl+O</source>
            <translation>Porträt hereinziehen oder Strg+O drücken</translation>
        </message>
        <message>
            <source>Try the sample</source>
            <translation>Beispiel ausprobieren</translation>
        </message>
    </context>
    <context>
        <name>ExportPanel</name>
        <message>
            <source>A bald head with painted hair and the 52 ARKit shapes, as GLB</source>
            <translation>Ein kahler Kopf mit gemaltem Haar und den 52 ARKit-Formen, als GLB</translation>
        </message>
        <message>
            <source>A folder with one picture per frame, and the sound beside them.</source>
            <translation>Ein Ordner mit einem Bild je Zeitpunkt, und der Ton daneben.</translation>
        </message>
        <message>
            <source>A turn about the head</source>
            <translation>Eine Runde um den Kopf</translation>
        </message>
        <message>
            <source>ARKit CSV, as Live Link Face writes it</source>
            <translation>ARKit-CSV, wie Live Link Face es schreibt</translation>
        </message>
        <message>
            <source>All of it</source>
            <translation>Alles</translation>
        </message>
        <message>
            <source>As on show</source>
            <translation>Wie gezeigt</translation>
        </message>
        <message>
            <source>Behind</source>
            <translation>Dahinter</translation>
        </message>
        <message>
            <source>Black</source>
            <translation>Schwarz</translation>
        </message>
        <message>
            <source>Clip</source>
            <translation>Clip</translation>
        </message>
        <message>
            <source>Clip background</source>
            <translation>Hintergrund des Clips</translation>
        </message>
        <message>
            <source>Clip format</source>
            <translation>Format des Clips</translation>
        </message>
        <message>
            <source>Clip frame rate</source>
            <translation>Bildrate des Clips</translation>
        </message>
        <message>
            <source>Clip quality</source>
            <translation>Qualität des Clips</translation>
        </message>
        <message>
            <source>Clip range</source>
            <translation>Bereich des Clips</translation>
        </message>
        <message>
            <source>Clip size</source>
            <translation>Größe des Clips</translation>
        </message>
        <message>
            <source>Draft</source>
            <translation>Entwurf</translation>
        </message>
        <message>
            <source>Draft makes small files, high makes large ones</source>
            <translation>Entwurf macht kleine Dateien, hoch große</translation>
        </message>
        <message>
            <source>Drop a portrait first.</source>
            <translation>Ziehen Sie zuerst ein Porträt herein.</translation>
        </message>
        <message>
            <source>Estimate</source>
            <translation>Schätzung</translation>
        </message>
        <message>
            <source>Estimating…</source>
            <translation>Wird geschätzt …</translation>
        </message>
        <message>
            <source>Everything exported says in its file that it is synthetic; MP4, MOV and PNG stills are signed.</source>
            <translation>Alles Exportierte sagt in seiner Datei, dass es künstlich ist; MP4, MOV und PNG-Standbilder sind signiert.</translation>
        </message>
        <message>
            <source>Export clip…</source>
            <translation>Clip exportieren …</translation>
        </message>
        <message>
            <source>Export mesh…</source>
            <translation>Netz exportieren …</translation>
        </message>
        <message>
            <source>Export motion…</source>
            <translation>Bewegung exportieren …</translation>
        </message>
        <message>
            <source>Export splats…</source>
            <translation>Splats exportieren …</translation>
        </message>
        <message>
            <source>Export still…</source>
            <translation>Standbild exportieren …</translation>
        </message>
        <message>
            <source>Export view sheet…</source>
            <translation>Ansichtsbogen exportieren …</translation>
        </message>
        <message>
            <source>Format</source>
            <translation>Format</translation>
        </message>
        <message>
            <source>Green</source>
            <translation>Grün</translation>
        </message>
        <message>
            <source>H.264 plays everywhere; the others can be transparent</source>
            <translation>H.264 läuft überall; die anderen können durchsichtig sein</translation>
        </message>
        <message>
            <source>Head</source>
            <translation>Kopf</translation>
        </message>
        <message>
            <source>High</source>
            <translation>Hoch</translation>
        </message>
        <message>
            <source>In the lower right corner; clips of the sample always show it</source>
            <translation>In der rechten unteren Ecke; Clips des Beispiels zeigen es immer</translation>
        </message>
        <message>
            <source>MOV (ProRes 4444)</source>
            <translation>MOV (ProRes 4444)</translation>
        </message>
        <message>
            <source>MP4 (H.264)</source>
            <translation>MP4 (H.264)</translation>
        </message>
        <message>
            <source>MP4 holds no transparency: the portrait's own background is used.</source>
            <translation>MP4 kennt keine Durchsichtigkeit: Der Hintergrund des Porträts wird genommen.</translation>
        </message>
        <message>
            <source>PNG pictures</source>
            <translation>PNG-Bilder</translation>
        </message>
        <message>
            <source>PNG pictures, 16 bits</source>
            <translation>PNG-Bilder, 16 Bit</translation>
        </message>
        <message>
            <source>Pictures</source>
            <translation>Bilder</translation>
        </message>
        <message>
            <source>Pictures per second</source>
            <translation>Bilder je Sekunde</translation>
        </message>
        <message>
            <source>Quality</source>
            <translation>Qualität</translation>
        </message>
        <message>
            <source>Range</source>
            <translation>Bereich</translation>
        </message>
        <message>
            <source>Rate</source>
            <translation>Bildrate</translation>
        </message>
        <message>
            <source>Seven views of four expressions as one PNG</source>
            <translation>Sieben Ansichten von vier Gesichtsausdrücken als ein PNG</translation>
        </message>
        <message>
            <source>Show</source>
            <translation>Inhalt</translation>
        </message>
        <message>
            <source>Show the word “synthetic”</source>
            <translation>Das Wort „synthetic“ zeigen</translation>
        </message>
        <message>
            <source>Size</source>
            <translation>Größe</translation>
        </message>
        <message>
            <source>Standard</source>
            <translation>Standard</translation>
        </message>
        <message>
            <source>The head as the sliders pose it: PLY, SPZ or GLB, read back and drawn again</source>
            <translation>Der Kopf, wie ihn die Regler stellen: PLY, SPZ oder GLB, zurückgelesen und neu gezeichnet</translation>
        </message>
        <message>
            <source>The loop</source>
            <translation>Die Schleife</translation>
        </message>
        <message>
            <source>The picture on show as PNG (Ctrl+Shift+E)</source>
            <translation>Das gezeigte Bild als PNG (Strg+Umschalt+E)</translation>
        </message>
        <message>
            <source>The portrait's own</source>
            <translation>Der des Porträts</translation>
        </message>
        <message>
            <source>The timeline</source>
            <translation>Die Zeitleiste</translation>
        </message>
        <message>
            <source>The timeline is empty: drop a sound (Ctrl+Shift+O) or record a take.</source>
            <translation>Die Zeitleiste ist leer: Ziehen Sie einen Ton herein (Strg+Umschalt+O) oder nehmen Sie etwas auf.</translation>
        </message>
        <message>
            <source>Transparent</source>
            <translation>Ohne</translation>
        </message>
        <message>
            <source>WebM (VP9)</source>
            <translation>WebM (VP9)</translation>
        </message>
        <message>
            <source>What a clip shows</source>
            <translation>Was ein Clip zeigt</translation>
        </message>
        <message>
            <source>What lies behind the head</source>
            <translation>Was hinter dem Kopf liegt</translation>
        </message>
        <message>
            <source>What moves the head</source>
            <translation>Was den Kopf bewegt</translation>
        </message>
        <message>
            <source>Which part of it; the loop is set on the timeline</source>
            <translation>Welcher Teil davon; die Schleife wird auf der Zeitleiste gesetzt</translation>
        </message>
        <message>
            <source>White</source>
            <translation>Weiß</translation>
        </message>
        <message>
            <source>Width and height of the picture</source>
            <translation>Breite und Höhe des Bildes</translation>
        </message>
        <message>
            <source>Write it, read back and compared (Ctrl+E)</source>
            <translation>Schreiben, zurücklesen und vergleichen (Strg+E)</translation>
        </message>
        <message>
            <source>{rate} frames/s</source>
            <translation>{rate} Bilder/s</translation>
        </message>
        <message>
            <source>{seconds:.1f} s, {frames} frames; about {size} MB in {time}</source>
            <translation>{seconds:.1f} s, {frames} Bilder; etwa {size} MB in {time}</translation>
        </message>
    </context>
    <context>
        <name>Exports</name>
        <message>
            <source>A clip needs a head; drop a portrait first.</source>
            <translation>Ein Clip braucht einen Kopf; ziehen Sie zuerst ein Porträt herein.</translation>
        </message>
        <message>
            <source>An export was cut off the last time; what it left was removed.</source>
            <translation>Ein Export wurde beim letzten Mal abgeschnitten; was er hinterließ, wurde entfernt.</translation>
        </message>
        <message>
            <source>Clearing away</source>
            <translation>Wird aufgeräumt</translation>
        </message>
        <message>
            <source>Estimating</source>
            <translation>Wird geschätzt</translation>
        </message>
        <message>
            <source>Exported {name}.</source>
            <translation>{name} wurde exportiert.</translation>
        </message>
        <message>
            <source>Exporting {name}</source>
            <translation>{name} wird exportiert</translation>
        </message>
        <message>
            <source>The export of {name} was cancelled; nothing was left behind.</source>
            <translation>Der Export von {name} wurde abgebrochen; nichts blieb zurück.</translation>
        </message>
        <message>
            <source>The timeline is empty; drop a sound or record a take first.</source>
            <translation>Die Zeitleiste ist leer; ziehen Sie zuerst einen Ton herein oder nehmen Sie etwas auf.</translation>
        </message>
    </context>
    <context>
        <name>FaceChoice</name>
        <message>
            <source>Looking at {name}</source>
            <translation>{name} wird angesehen</translation>
        </message>
        <message>
            <source>The video is not used.</source>
            <translation>Das Video wird nicht verwendet.</translation>
        </message>
        <message>
            <source>The video shows {count} faces; click the one to follow.</source>
            <translation>Das Video zeigt {count} Gesichter; klicken Sie das an, dem gefolgt werden soll.</translation>
        </message>
    </context>
    <context>
        <name>FacePanel</name>
        <message>
            <source>Blinks, gaze and breath</source>
            <translation>Blinzeln, Blick und Atem</translation>
        </message>
        <message>
            <source>Brows</source>
            <translation>Brauen</translation>
        </message>
        <message>
            <source>Cheeks and nose</source>
            <translation>Wangen und Nase</translation>
        </message>
        <message>
            <source>Choose an expression…</source>
            <translation>Ausdruck wählen …</translation>
        </message>
        <message>
            <source>Expression presets</source>
            <translation>Vorgaben für die Mimik</translation>
        </message>
        <message>
            <source>Eyes</source>
            <translation>Augen</translation>
        </message>
        <message>
            <source>Gain</source>
            <translation>Stärke</translation>
        </message>
        <message>
            <source>Gain •</source>
            <translation>Stärke •</translation>
        </message>
        <message>
            <source>Idle</source>
            <translation>Ruhe</translation>
        </message>
        <message>
            <source>Jaw and tongue</source>
            <translation>Kiefer und Zunge</translation>
        </message>
        <message>
            <source>Let every slider go back to rest</source>
            <translation>Alle Regler in die Ruhe zurücklassen</translation>
        </message>
        <message>
            <source>Mouth</source>
            <translation>Mund</translation>
        </message>
        <message>
            <source>Reset all</source>
            <translation>Alle zurücksetzen</translation>
        </message>
        <message>
            <source>Search 52 channels</source>
            <translation>52 Kanäle durchsuchen</translation>
        </message>
        <message>
            <source>Search channels</source>
            <translation>Kanäle durchsuchen</translation>
        </message>
        <message>
            <source>Set how much of what drives each channel is shown</source>
            <translation>Einstellen, wie viel von dem gezeigt wird, was jeden Kanal antreibt</translation>
        </message>
        <message>
            <source>Set the sliders to an expression</source>
            <translation>Die Regler auf einen Ausdruck stellen</translation>
        </message>
        <message>
            <source>Sliders</source>
            <translation>Regler</translation>
        </message>
        <message>
            <source>Speech</source>
            <translation>Sprache</translation>
        </message>
        <message>
            <source>Takes and curves of the timeline</source>
            <translation>Aufnahmen und Kurven der Zeitleiste</translation>
        </message>
        <message>
            <source>The face before the camera</source>
            <translation>Das Gesicht vor der Kamera</translation>
        </message>
        <message>
            <source>The mouth that the microphone moves</source>
            <translation>Der Mund, den das Mikrofon bewegt</translation>
        </message>
        <message>
            <source>The sliders below, on top of everything</source>
            <translation>Die Regler darunter, über allem anderen</translation>
        </message>
        <message>
            <source>This head has no face parameters: it follows sound and the pose of the head. Build it with the engine Lift for sliders, expressions and tracked faces.</source>
            <translation>Dieser Kopf hat keine Gesichtsparameter: Er folgt Ton und Kopfhaltung. Mit der Engine Lift gebaut, folgt er Reglern, Ausdrücken und Gesichtern.</translation>
        </message>
        <message>
            <source>Timeline</source>
            <translation>Zeitleiste</translation>
        </message>
        <message>
            <source>Webcam</source>
            <translation>Webcam</translation>
        </message>
        <message>
            <source>{what}: click to leave this layer out; nothing is lost</source>
            <translation>{what}: Klicken lässt diese Ebene weg; nichts geht verloren</translation>
        </message>
    </context>
    <context>
        <name>FiguresPage</name>
        <message>
            <source>Drawing a frame, ms</source>
            <translation>Ein Bild zeichnen, ms</translation>
        </message>
        <message>
            <source>Frames per second</source>
            <translation>Bilder pro Sekunde</translation>
        </message>
        <message>
            <source>Loading charts</source>
            <translation>Diagramme werden geladen</translation>
        </message>
        <message>
            <source>Loading…</source>
            <translation>Wird geladen…</translation>
        </message>
        <message>
            <source>Microphone to picture, ms</source>
            <translation>Mikrofon bis Bild, ms</translation>
        </message>
        <message>
            <source>Speed and delay</source>
            <translation>Tempo und Verzögerung</translation>
        </message>
        <message>
            <source>The last minute. {drawn} frames drawn since the start, {skipped} wishes overtaken by newer ones.</source>
            <translation>Die letzte Minute. {drawn} Bilder seit dem Start gezeichnet, {skipped} Wünsche von neueren überholt.</translation>
        </message>
    </context>
    <context>
        <name>FileDialogs</name>
        <message>
            <source>3D Gaussian Splatting (*.ply);;Compressed splats (*.spz);;glTF splats (*.glb)</source>
            <translation>3D Gaussian Splatting (*.ply);;Komprimierte Splats (*.spz);;glTF-Splats (*.glb)</translation>
        </message>
        <message>
            <source>A new folder (*)</source>
            <translation>Ein neuer Ordner (*)</translation>
        </message>
        <message>
            <source>ARKit motion (*.csv)</source>
            <translation>ARKit-Bewegung (*.csv)</translation>
        </message>
        <message>
            <source>Add a head: a FLAME file, or generic_neutral_mesh.obj of ICT-FaceKit</source>
            <translation>Kopf hinzufügen: eine FLAME-Datei oder generic_neutral_mesh.obj von ICT-FaceKit</translation>
        </message>
        <message>
            <source>All files</source>
            <translation>Alle Dateien</translation>
        </message>
        <message>
            <source>Avatars (*.avatar)</source>
            <translation>Avatare (*.avatar)</translation>
        </message>
        <message>
            <source>Background</source>
            <translation>Hintergrund</translation>
        </message>
        <message>
            <source>Build with handles</source>
            <translation>Mit Griffen bauen</translation>
        </message>
        <message>
            <source>Clips and pictures ({0})</source>
            <translation>Clips und Bilder ({0})</translation>
        </message>
        <message>
            <source>Collect media</source>
            <translation>Medien sammeln</translation>
        </message>
        <message>
            <source>Export clip</source>
            <translation>Clip exportieren</translation>
        </message>
        <message>
            <source>Export mesh</source>
            <translation>Netz exportieren</translation>
        </message>
        <message>
            <source>Export motion</source>
            <translation>Bewegung exportieren</translation>
        </message>
        <message>
            <source>Export splats</source>
            <translation>Splats exportieren</translation>
        </message>
        <message>
            <source>Export still</source>
            <translation>Standbild exportieren</translation>
        </message>
        <message>
            <source>Export view sheet</source>
            <translation>Ansichtsbogen exportieren</translation>
        </message>
        <message>
            <source>Heads ({0})</source>
            <translation>Köpfe ({0})</translation>
        </message>
        <message>
            <source>Learn a clip, or several pictures, of this person</source>
            <translation>Einen Clip oder mehrere Bilder dieser Person lernen</translation>
        </message>
        <message>
            <source>MP4 (*.mp4)</source>
            <translation>MP4 (*.mp4)</translation>
        </message>
        <message>
            <source>Open</source>
            <translation>Öffnen</translation>
        </message>
        <message>
            <source>Open project</source>
            <translation>Projekt öffnen</translation>
        </message>
        <message>
            <source>Open sound</source>
            <translation>Ton öffnen</translation>
        </message>
        <message>
            <source>Pictures (*.png)</source>
            <translation>Bilder (*.png)</translation>
        </message>
        <message>
            <source>Pictures ({0})</source>
            <translation>Bilder ({0})</translation>
        </message>
        <message>
            <source>Portraits ({0})</source>
            <translation>Porträts ({0})</translation>
        </message>
        <message>
            <source>Portraits, sounds, avatars and projects ({0})</source>
            <translation>Porträts, Töne, Avatare und Projekte ({0})</translation>
        </message>
        <message>
            <source>Projects (*.astudio)</source>
            <translation>Projekte (*.astudio)</translation>
        </message>
        <message>
            <source>Projects ({0})</source>
            <translation>Projekte ({0})</translation>
        </message>
        <message>
            <source>QuickTime (*.mov)</source>
            <translation>QuickTime (*.mov)</translation>
        </message>
        <message>
            <source>Save avatar</source>
            <translation>Avatar speichern</translation>
        </message>
        <message>
            <source>Save project</source>
            <translation>Projekt speichern</translation>
        </message>
        <message>
            <source>Sounds ({0})</source>
            <translation>Töne ({0})</translation>
        </message>
        <message>
            <source>WebM (*.webm)</source>
            <translation>WebM (*.webm)</translation>
        </message>
        <message>
            <source>glTF (*.glb)</source>
            <translation>glTF (*.glb)</translation>
        </message>
        <message>
            <source>{name} frames</source>
            <translation>{name} Bilder</translation>
        </message>
    </context>
    <context>
        <name>FrameLoop</name>
        <message>
            <source>Preparing the renderer…</source>
            <translation>Der Zeichner wird vorbereitet …</translation>
        </message>
        <message>
            <source>numba · {count} threads</source>
            <translation>numba · {count} Threads</translation>
        </message>
    </context>
    <context>
        <name>GuessedLegend</name>
        <message>
            <source>Guessed: {percent:.0f} % of the Gaussians</source>
            <translation>Erraten: {percent:.0f} % der Gaußschen</translation>
        </message>
        <message>
            <source>Seen or guessed: not known</source>
            <translation>Gesehen oder erraten: unbekannt</translation>
        </message>
        <message>
            <source>The portrait did not show what is tinted.</source>
            <translation>Das Gefärbte war auf dem Porträt nicht zu sehen.</translation>
        </message>
        <message>
            <source>This avatar does not tell; build it again to see the tint.</source>
            <translation>Dieser Avatar weiß es nicht; bauen Sie ihn neu, um die Färbung zu sehen.</translation>
        </message>
    </context>
    <context>
        <name>Guides</name>
        <message>
            <source>Grid and safe areas</source>
            <translation>Gitter und sichere Bereiche</translation>
        </message>
    </context>
    <context>
        <name>HandleCanvas</name>
        <message>
            <source>Picture with handles</source>
            <translation>Bild mit Griffen</translation>
        </message>
        <message>
            <source>chin</source>
            <translation>Kinn</translation>
        </message>
        <message>
            <source>inner</source>
            <translation>innen</translation>
        </message>
        <message>
            <source>lid</source>
            <translation>Lid</translation>
        </message>
        <message>
            <source>lower lip</source>
            <translation>Unterlippe</translation>
        </message>
        <message>
            <source>mouth</source>
            <translation>Mund</translation>
        </message>
        <message>
            <source>nose</source>
            <translation>Nase</translation>
        </message>
        <message>
            <source>outer corner</source>
            <translation>Augenwinkel außen</translation>
        </message>
        <message>
            <source>side</source>
            <translation>Seite</translation>
        </message>
        <message>
            <source>upper lip</source>
            <translation>Oberlippe</translation>
        </message>
    </context>
    <context>
        <name>HandlesPage</name>
        <message>
            <source>Build</source>
            <translation>Bauen</translation>
        </message>
        <message>
            <source>Build a head with the face where the handles are</source>
            <translation>Einen Kopf bauen, mit dem Gesicht dort, wo die Griffe liegen</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Drag the handles onto the face: eyes, nose, mouth, chin, and where the face ends on both sides. The wheel zooms.</source>
            <translation>Ziehen Sie die Griffe auf das Gesicht: Augen, Nase, Mund, Kinn und wo das Gesicht auf beiden Seiten endet. Das Mausrad zoomt.</translation>
        </message>
        <message>
            <source>Four more handles for the lids of eyes that are rounder than a person's</source>
            <translation>Vier weitere Griffe für die Lider von Augen, die runder sind als die eines Menschen</translation>
        </message>
        <message>
            <source>How far nose and mouth stand out; guessed until you move it</source>
            <translation>Wie weit Nase und Mund vorstehen; geschätzt, bis Sie es verstellen</translation>
        </message>
        <message>
            <source>Mirror</source>
            <translation>Spiegeln</translation>
        </message>
        <message>
            <source>Moving a handle moves its partner on the other side too</source>
            <translation>Wer einen Griff bewegt, bewegt auch seinen Partner auf der anderen Seite</translation>
        </message>
        <message>
            <source>Muzzle</source>
            <translation>Schnauze</translation>
        </message>
        <message>
            <source>Put every handle back to where it started</source>
            <translation>Jeden Griff an seinen Anfang zurücksetzen</translation>
        </message>
        <message>
            <source>Reset</source>
            <translation>Zurück</translation>
        </message>
        <message>
            <source>Round eyes</source>
            <translation>Runde Augen</translation>
        </message>
    </context>
    <context>
        <name>Heads</name>
        <message>
            <source>Added the head “{name}”; new avatars are built with it. {licence}</source>
            <translation>Der Kopf „{name}“ wurde hinzugefügt; neue Avatare werden mit ihm gebaut. {licence}</translation>
        </message>
        <message>
            <source>Adding {name}</source>
            <translation>{name} wird hinzugefügt</translation>
        </message>
        <message>
            <source>Heads</source>
            <translation>Köpfe</translation>
        </message>
        <message>
            <source>The head “{name}” is no longer there; new avatars are built with the built-in one.</source>
            <translation>Der Kopf „{name}“ ist nicht mehr da; neue Avatare werden mit dem eingebauten gebaut.</translation>
        </message>
    </context>
    <context>
        <name>JobCard</name>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Cancel {title}</source>
            <translation>{title} abbrechen</translation>
        </message>
        <message>
            <source>Cancelled; nothing was left behind</source>
            <translation>Abgebrochen; nichts blieb zurück</translation>
        </message>
        <message>
            <source>Cancelling…</source>
            <translation>Wird abgebrochen …</translation>
        </message>
        <message>
            <source>Dismiss</source>
            <translation>Ausblenden</translation>
        </message>
        <message>
            <source>Dismiss {title}</source>
            <translation>{title} ausblenden</translation>
        </message>
        <message>
            <source>Done</source>
            <translation>Fertig</translation>
        </message>
        <message>
            <source>Go on</source>
            <translation>Fortsetzen</translation>
        </message>
        <message>
            <source>Pause</source>
            <translation>Anhalten</translation>
        </message>
        <message>
            <source>Paused</source>
            <translation>Angehalten</translation>
        </message>
        <message>
            <source>Show in folder</source>
            <translation>Im Ordner zeigen</translation>
        </message>
        <message>
            <source>waiting</source>
            <translation>wartet</translation>
        </message>
    </context>
    <context>
        <name>JobsPanel</name>
        <message>
            <source>Nothing is running.</source>
            <translation>Nichts läuft.</translation>
        </message>
    </context>
    <context>
        <name>LanesView</name>
        <message>
            <source>Lanes</source>
            <translation>Spuren</translation>
        </message>
    </context>
    <context>
        <name>LearningCard</name>
        <message>
            <source>A frame it never saw: {before:.1f} dB before, {now:.1f} dB now ({gain:+.1f}).</source>
            <translation>Ein Bild, das er nie sah: vorher {before:.1f} dB, jetzt {now:.1f} dB ({gain:+.1f}).</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Compare with the clip instead of the head as it was</source>
            <translation>Mit dem Clip vergleichen statt mit dem Kopf, wie er war</translation>
        </message>
        <message>
            <source>Is this the same person?</source>
            <translation>Ist das dieselbe Person?</translation>
        </message>
        <message>
            <source>Keep what was learnt; the same clip goes on from there</source>
            <translation>Das Gelernte behalten; derselbe Clip macht dort weiter</translation>
        </message>
        <message>
            <source>Learning</source>
            <translation>Lernt</translation>
        </message>
        <message>
            <source>Learning “{name}”</source>
            <translation>„{name}“ lernt</translation>
        </message>
        <message>
            <source>Left: the clip itself</source>
            <translation>Links: der Clip selbst</translation>
        </message>
        <message>
            <source>No</source>
            <translation>Nein</translation>
        </message>
        <message>
            <source>Pause</source>
            <translation>Anhalten</translation>
        </message>
        <message>
            <source>Yes, learn it</source>
            <translation>Ja, lernen</translation>
        </message>
    </context>
    <context>
        <name>LevelMeter</name>
        <message>
            <source>Input level</source>
            <translation>Eingangspegel</translation>
        </message>
        <message>
            <source>Input level in dBFS; speech should reach about −20</source>
            <translation>Eingangspegel in dBFS; Sprache sollte etwa −20 erreichen</translation>
        </message>
    </context>
    <context>
        <name>Live</name>
        <message>
            <source>Both are off.</source>
            <translation>Beide sind aus.</translation>
        </message>
        <message>
            <source>Calibrating</source>
            <translation>Kalibrierung läuft</translation>
        </message>
        <message>
            <source>Forgetting the calibration</source>
            <translation>Kalibrierung wird vergessen</translation>
        </message>
        <message>
            <source>Looking for a calibration</source>
            <translation>Kalibrierung wird gesucht</translation>
        </message>
        <message>
            <source>Looking for microphones</source>
            <translation>Mikrofone werden gesucht</translation>
        </message>
        <message>
            <source>Looking for sound outputs</source>
            <translation>Suche nach Tonausgaben</translation>
        </message>
        <message>
            <source>Speak as you usually do, for ten seconds: whole sentences, with words like “maybe” in them.</source>
            <translation>Sprechen Sie zehn Sekunden lang wie gewohnt: ganze Sätze, mit Wörtern wie „Mama“ darin.</translation>
        </message>
        <message>
            <source>The calibration was cancelled; nothing has changed.</source>
            <translation>Die Kalibrierung wurde abgebrochen; nichts hat sich geändert.</translation>
        </message>
        <message>
            <source>The camera is off.</source>
            <translation>Die Kamera ist aus.</translation>
        </message>
        <message>
            <source>The microphone is off.</source>
            <translation>Das Mikrofon ist aus.</translation>
        </message>
        <message>
            <source>The mouth now follows your voice at {name}.</source>
            <translation>Der Mund folgt nun Ihrer Stimme an {name}.</translation>
        </message>
        <message>
            <source>The settings of the Drive panel could not be read; they are as they were new.</source>
            <translation>Die Einstellungen der Seite „Antrieb“ konnten nicht gelesen werden; sie sind wie neu.</translation>
        </message>
        <message>
            <source>{name} is as it was new.</source>
            <translation>{name} ist wie neu.</translation>
        </message>
    </context>
    <context>
        <name>LiveIndicator</name>
        <message>
            <source>Live indicator</source>
            <translation>Live-Anzeige</translation>
        </message>
        <message>
            <source>camera to picture {ms:.0f} ms</source>
            <translation>Kamera bis Bild {ms:.0f} ms</translation>
        </message>
        <message>
            <source>microphone to picture {ms:.0f} ms</source>
            <translation>Mikrofon bis Bild {ms:.0f} ms</translation>
        </message>
        <message>
            <source>{fps:.0f} fps</source>
            <translation>{fps:.0f} B/s</translation>
        </message>
        <message>
            <source>{ms:.0f} ms</source>
            <translation>{ms:.0f} ms</translation>
        </message>
    </context>
    <context>
        <name>LiveOut</name>
        <message>
            <source>Listening for VMC on port {port}.</source>
            <translation>VMC wird auf Port {port} gehört.</translation>
        </message>
        <message>
            <source>No virtual camera: {reason}.</source>
            <translation>Keine virtuelle Kamera: {reason}.</translation>
        </message>
        <message>
            <source>Sending VMC to {host}, port {port}.</source>
            <translation>VMC wird an {host}, Port {port}, gesendet.</translation>
        </message>
    </context>
    <context>
        <name>LiveOutPanel</name>
        <message>
            <source>A phone or another program moves the head</source>
            <translation>Ein Telefon oder ein anderes Programm bewegt den Kopf</translation>
        </message>
        <message>
            <source>Computer that listens for VMC</source>
            <translation>Rechner, der VMC hört</translation>
        </message>
        <message>
            <source>From other computers and phones</source>
            <translation>Von anderen Rechnern und Telefonen</translation>
        </message>
        <message>
            <source>Listen for VMC</source>
            <translation>VMC hören</translation>
        </message>
        <message>
            <source>Meetings and recorders can then choose the head as their camera</source>
            <translation>Besprechungen und Rekorder können den Kopf dann als Kamera wählen</translation>
        </message>
        <message>
            <source>Motion from other programs</source>
            <translation>Bewegung aus anderen Programmen</translation>
        </message>
        <message>
            <source>Motion to other programs</source>
            <translation>Bewegung an andere Programme</translation>
        </message>
        <message>
            <source>Not available: {reason}.</source>
            <translation>Nicht verfügbar: {reason}.</translation>
        </message>
        <message>
            <source>Port</source>
            <translation>Port</translation>
        </message>
        <message>
            <source>Port on which VMC is heard</source>
            <translation>Port, auf dem VMC gehört wird</translation>
        </message>
        <message>
            <source>Port that VMC is sent to</source>
            <translation>Port, an den VMC gesendet wird</translation>
        </message>
        <message>
            <source>Send VMC</source>
            <translation>VMC senden</translation>
        </message>
        <message>
            <source>Show the head as a camera</source>
            <translation>Den Kopf als Kamera zeigen</translation>
        </message>
        <message>
            <source>The 52 blendshapes by their Perfect Sync names, and the head's turn</source>
            <translation>Die 52 Blendshapes unter ihren Perfect-Sync-Namen und die Drehung des Kopfes</translation>
        </message>
        <message>
            <source>To</source>
            <translation>An</translation>
        </message>
        <message>
            <source>Virtual camera</source>
            <translation>Virtuelle Kamera</translation>
        </message>
        <message>
            <source>Without it only programs on this computer are heard</source>
            <translation>Ohne dies werden nur Programme auf diesem Rechner gehört</translation>
        </message>
    </context>
    <context>
        <name>LogPage</name>
        <message>
            <source>Copied the log and {n} lines about this machine.</source>
            <translation>Das Protokoll und {n} Zeilen über diesen Rechner wurden kopiert.</translation>
        </message>
        <message>
            <source>Copy log for a report</source>
            <translation>Protokoll für Bericht kopieren</translation>
        </message>
        <message>
            <source>Log</source>
            <translation>Protokoll</translation>
        </message>
        <message>
            <source>Looking at this machine</source>
            <translation>Dieser Rechner wird geprüft</translation>
        </message>
        <message>
            <source>Nothing was logged.</source>
            <translation>Nichts wurde protokolliert.</translation>
        </message>
        <message>
            <source>Nothing was logged: no warning and no error.</source>
            <translation>Nichts wurde protokolliert: keine Warnung und kein Fehler.</translation>
        </message>
        <message>
            <source>Open folder</source>
            <translation>Ordner öffnen</translation>
        </message>
        <message>
            <source>Open the folder with the log files</source>
            <translation>Den Ordner mit den Protokollen öffnen</translation>
        </message>
        <message>
            <source>Put the log and what this machine can do on the clipboard</source>
            <translation>Das Protokoll und was dieser Rechner kann in die Zwischenablage legen</translation>
        </message>
        <message>
            <source>Reading the log</source>
            <translation>Protokoll wird gelesen</translation>
        </message>
        <message>
            <source>Warnings and errors, the newest at the end. Names of files and folders are taken out.</source>
            <translation>Warnungen und Fehler, die neuesten am Ende. Namen von Dateien und Ordnern sind entfernt.</translation>
        </message>
    </context>
    <context>
        <name>MachinePage</name>
        <message>
            <source>After something was connected or installed</source>
            <translation>Nachdem etwas angeschlossen oder installiert wurde</translation>
        </message>
        <message>
            <source>Broken</source>
            <translation>Defekt</translation>
        </message>
        <message>
            <source>Copied {n} lines about this machine.</source>
            <translation>{n} Zeilen über diesen Rechner wurden kopiert.</translation>
        </message>
        <message>
            <source>Copy</source>
            <translation>Kopieren</translation>
        </message>
        <message>
            <source>Could be better</source>
            <translation>Könnte besser sein</translation>
        </message>
        <message>
            <source>Everything that is needed works. A dot marks what could be better, and why.</source>
            <translation>Alles Nötige funktioniert. Ein Punkt zeigt, was besser sein könnte, und warum.</translation>
        </message>
        <message>
            <source>Everything works.</source>
            <translation>Alles funktioniert.</translation>
        </message>
        <message>
            <source>Good</source>
            <translation>Gut</translation>
        </message>
        <message>
            <source>Look again</source>
            <translation>Neu nachsehen</translation>
        </message>
        <message>
            <source>Looking at this machine</source>
            <translation>Dieser Rechner wird geprüft</translation>
        </message>
        <message>
            <source>Looking…</source>
            <translation>Wird geprüft …</translation>
        </message>
        <message>
            <source>Put these lines on the clipboard, as text</source>
            <translation>Diese Zeilen als Text in die Zwischenablage legen</translation>
        </message>
        <message>
            <source>Something is broken; the lines with a cross say what to do.</source>
            <translation>Etwas ist defekt; die Zeilen mit einem Kreuz sagen, was zu tun ist.</translation>
        </message>
        <message>
            <source>What this machine can do</source>
            <translation>Was dieser Rechner kann</translation>
        </message>
    </context>
    <context>
        <name>MainWindow</name>
        <message>
            <source>Avatar</source>
            <translation>Avatar</translation>
        </message>
        <message>
            <source>Avatar Studio {v}</source>
            <translation>Avatar Studio {v}</translation>
        </message>
        <message>
            <source>Avatars</source>
            <translation>Avatare</translation>
        </message>
        <message>
            <source>Camera</source>
            <translation>Kamera</translation>
        </message>
        <message>
            <source>Drag to turn the head, wheel to zoom; 1, 2 and 3 look from front, left and right.</source>
            <translation>Ziehen dreht den Kopf, das Mausrad zoomt; 1, 2 und 3 zeigen ihn von vorn, links und rechts.</translation>
        </message>
        <message>
            <source>Drawing the sound</source>
            <translation>Der Ton wird gezeichnet</translation>
        </message>
        <message>
            <source>Drive</source>
            <translation>Antrieb</translation>
        </message>
        <message>
            <source>Drop a portrait</source>
            <translation>Ein Porträt hereinziehen</translation>
        </message>
        <message>
            <source>Drop a sound and the head says it; record takes here and edit what the face does.</source>
            <translation>Ziehen Sie einen Ton herein, und der Kopf spricht ihn; nehmen Sie hier auf und bearbeiten Sie, was das Gesicht tut.</translation>
        </message>
        <message>
            <source>Drop or open a photo</source>
            <translation>Foto öffnen</translation>
        </message>
        <message>
            <source>Export</source>
            <translation>Export</translation>
        </message>
        <message>
            <source>Expression</source>
            <translation>Mimik</translation>
        </message>
        <message>
            <source>Face</source>
            <translation>Gesicht</translation>
        </message>
        <message>
            <source>Jobs</source>
            <translation>Aufträge</translation>
        </message>
        <message>
            <source>Live</source>
            <translation>Live</translation>
        </message>
        <message>
            <source>One picture of a person who agrees is enough: in some seconds it is a head that moves.</source>
            <translation>Ein Bild einer Person, die einwilligt, genügt: Nach wenigen Sekunden ist es ein Kopf, der sich bewegt.</translation>
        </message>
        <message>
            <source>Open recent</source>
            <translation>Zuletzt geöffnet</translation>
        </message>
        <message>
            <source>Play and edit</source>
            <translation>Abspielen und bearbeiten</translation>
        </message>
        <message>
            <source>Press the microphone and speak: the mouth follows. Sound never leaves this computer.</source>
            <translation>Drücken Sie das Mikrofon und sprechen Sie: Der Mund folgt. Ton verlässt diesen Rechner nie.</translation>
        </message>
        <message>
            <source>Ready.</source>
            <translation>Bereit.</translation>
        </message>
        <message>
            <source>Ready. Choose an avatar, or drop a portrait.</source>
            <translation>Bereit. Wählen Sie einen Avatar oder ziehen Sie ein Porträt herein.</translation>
        </message>
        <message>
            <source>Ready. Drop a portrait to begin.</source>
            <translation>Bereit. Ziehen Sie zum Beginnen ein Porträt herein.</translation>
        </message>
        <message>
            <source>Safe mode: the processor draws, and no device is used until you ask for it. {why}.</source>
            <translation>Abgesicherter Modus: Der Prozessor zeichnet, und kein Gerät wird benutzt, bis Sie es verlangen. {why}.</translation>
        </message>
        <message>
            <source>Speak</source>
            <translation>Sprechen</translation>
        </message>
        <message>
            <source>Start listening</source>
            <translation>Zuhören</translation>
        </message>
        <message>
            <source>Start listening and watching</source>
            <translation>Zuhören und zusehen</translation>
        </message>
        <message>
            <source>Start watching</source>
            <translation>Zusehen</translation>
        </message>
        <message>
            <source>Stop listening</source>
            <translation>Zuhören beenden</translation>
        </message>
        <message>
            <source>Stop listening and watching</source>
            <translation>Zuhören und Zusehen beenden</translation>
        </message>
        <message>
            <source>Stop watching</source>
            <translation>Zusehen beenden</translation>
        </message>
        <message>
            <source>The Export page writes clips, stills, splats and meshes. Ctrl+K finds every command.</source>
            <translation>Die Seite „Export“ schreibt Clips, Standbilder, Splats und Netze. Strg+K findet jeden Befehl.</translation>
        </message>
        <message>
            <source>The program did not end well the last time</source>
            <translation>Das Programm wurde zuletzt nicht ordentlich beendet</translation>
        </message>
        <message>
            <source>Theme</source>
            <translation>Farben</translation>
        </message>
        <message>
            <source>There is nothing to paste; copy a picture or files first.</source>
            <translation>Es gibt nichts einzufügen; kopieren Sie zuerst ein Bild oder Dateien.</translation>
        </message>
        <message>
            <source>Turn it</source>
            <translation>Drehen</translation>
        </message>
        <message>
            <source>You asked for it</source>
            <translation>Sie haben ihn verlangt</translation>
        </message>
        <message>
            <source>{backend} · safe mode</source>
            <translation>{backend} · abgesichert</translation>
        </message>
    </context>
    <context>
        <name>Page</name>
        <message>
            <source>Close</source>
            <translation>Schließen</translation>
        </message>
        <message>
            <source>Close this page (Esc)</source>
            <translation>Diese Seite schließen (Esc)</translation>
        </message>
    </context>
    <context>
        <name>Palette</name>
        <message>
            <source>Command palette</source>
            <translation>Befehlspalette</translation>
        </message>
        <message>
            <source>Nothing is called that; try fewer letters.</source>
            <translation>Nichts heißt so; versuchen Sie weniger Buchstaben.</translation>
        </message>
        <message>
            <source>Type what you want to do, or the name of an avatar</source>
            <translation>Schreiben Sie, was Sie tun wollen, oder den Namen eines Avatars</translation>
        </message>
        <message>
            <source>What to look for</source>
            <translation>Wonach gesucht wird</translation>
        </message>
        <message>
            <source>What was found</source>
            <translation>Was gefunden wurde</translation>
        </message>
        <message>
            <source>not available now</source>
            <translation>jetzt nicht verfügbar</translation>
        </message>
    </context>
    <context>
        <name>Performances</name>
        <message>
            <source>Tracking {name}</source>
            <translation>{name} wird verfolgt</translation>
        </message>
        <message>
            <source>{name} drives the head, {seconds:.1f} s. Press Space to play.</source>
            <translation>{name} bewegt den Kopf, {seconds:.1f} s. Leertaste spielt es ab.</translation>
        </message>
        <message>
            <source>{name} is not tracked.</source>
            <translation>{name} wird nicht verfolgt.</translation>
        </message>
    </context>
    <context>
        <name>Personalizing</name>
        <message>
            <source>A head is being learnt already; cancel that, or wait for it.</source>
            <translation>Ein Kopf lernt bereits; brechen Sie das ab oder warten Sie darauf.</translation>
        </message>
        <message>
            <source>Learning is paused; drop the same clip on this head and it goes on, even after a restart.</source>
            <translation>Das Lernen ruht; ziehen Sie denselben Clip auf diesen Kopf, und es geht weiter, auch nach einem Neustart.</translation>
        </message>
        <message>
            <source>Learning needs a head: drop a portrait of the person first, then the clip.</source>
            <translation>Zum Lernen braucht es einen Kopf: Ziehen Sie zuerst ein Porträt der Person herein, dann den Clip.</translation>
        </message>
        <message>
            <source>Learning was cancelled; the head stays as it was.</source>
            <translation>Das Lernen wurde abgebrochen; der Kopf bleibt, wie er war.</translation>
        </message>
        <message>
            <source>Learning was stopped; drop the same clip on this head and it goes on.</source>
            <translation>Das Lernen wurde angehalten; ziehen Sie denselben Clip auf diesen Kopf, und es geht weiter.</translation>
        </message>
        <message>
            <source>Learning {name}</source>
            <translation>{name} wird gelernt</translation>
        </message>
        <message>
            <source>Nobody stated that this person agrees; build the head from a portrait and say so.</source>
            <translation>Niemand hat erklärt, dass diese Person einwilligt; bauen Sie den Kopf aus einem Porträt und erklären Sie es.</translation>
        </message>
        <message>
            <source>Nothing was learnt; the head stays as it was.</source>
            <translation>Nichts wurde gelernt; der Kopf bleibt, wie er war.</translation>
        </message>
        <message>
            <source>The face there does not look like that of “{name}”, as far as its proportions tell.</source>
            <translation>Das Gesicht dort gleicht nicht dem von „{name}“, soweit seine Proportionen es sagen.</translation>
        </message>
        <message>
            <source>“{name}” came {gain:.1f} dB nearer to frames it never saw; the old head stays, too.</source>
            <translation>„{name}“ kam Bildern, die er nie sah, um {gain:.1f} dB näher; auch der alte Kopf bleibt.</translation>
        </message>
    </context>
    <context>
        <name>PictureView</name>
        <message>
            <source>Picture</source>
            <translation>Bild</translation>
        </message>
    </context>
    <context>
        <name>Pictures</name>
        <message>
            <source>Drawing {name}</source>
            <translation>{name} wird gezeichnet</translation>
        </message>
    </context>
    <context>
        <name>Playback</name>
        <message>
            <source>Add the lips of {name}</source>
            <translation>Lippen von {name} hinzufügen</translation>
        </message>
        <message>
            <source>Add {name}</source>
            <translation>{name} hinzufügen</translation>
        </message>
        <message>
            <source>Added {name}, {seconds:.1f} s. Press Space to play. {notes}</source>
            <translation>{name} hinzugefügt, {seconds:.1f} s. Leertaste spielt ab. {notes}</translation>
        </message>
        <message>
            <source>Keeping the take</source>
            <translation>Die Aufnahme wird behalten</translation>
        </message>
        <message>
            <source>Listening to {name}</source>
            <translation>{name} wird angehört</translation>
        </message>
        <message>
            <source>Looking for takes</source>
            <translation>Suche nach Aufnahmen</translation>
        </message>
        <message>
            <source>Nothing was recorded; record while the head moves.</source>
            <translation>Nichts wurde aufgenommen; nehmen Sie auf, während sich der Kopf bewegt.</translation>
        </message>
        <message>
            <source>Opening {name}</source>
            <translation>{name} wird geöffnet</translation>
        </message>
        <message>
            <source>Reading the lips of {name}</source>
            <translation>Die Lippen zu {name} werden bestimmt</translation>
        </message>
        <message>
            <source>Recorded {seconds:.1f} s.</source>
            <translation>{seconds:.1f} s aufgenommen.</translation>
        </message>
        <message>
            <source>Recording a take; press Record again to end it.</source>
            <translation>Aufnahme läuft; noch einmal Aufnehmen beendet sie.</translation>
        </message>
        <message>
            <source>Take</source>
            <translation>Aufnahme</translation>
        </message>
        <message>
            <source>The take that was being recorded is on the timeline: {seconds:.1f} s.</source>
            <translation>Die Aufnahme, die gerade lief, liegt auf der Zeitleiste: {seconds:.1f} s.</translation>
        </message>
        <message>
            <source>There is nothing to play yet; drop a sound, or record a take.</source>
            <translation>Noch gibt es nichts abzuspielen; legen Sie einen Ton ab oder nehmen Sie etwas auf.</translation>
        </message>
    </context>
    <context>
        <name>PreferencesPage</name>
        <message>
            <source>All preferences are as they were new; some count from the next start.</source>
            <translation>Alle Einstellungen sind wie neu; manche gelten ab dem nächsten Start.</translation>
        </message>
        <message>
            <source>As many as fit</source>
            <translation>So viele wie passen</translation>
        </message>
        <message>
            <source>As the system</source>
            <translation>Wie das System</translation>
        </message>
        <message>
            <source>Avatars that were built before stay where they are.</source>
            <translation>Früher gebaute Avatare bleiben, wo sie sind.</translation>
        </message>
        <message>
            <source>Before the first head of a person is built, the window asks: “Do you have the consent of the person in the picture?” The answer, its time and the word “window” are kept with the avatar and, under the picture's checksum, in the library, so that it is asked once. Nothing leaves this computer.</source>
            <translation>Bevor der erste Kopf einer Person gebaut wird, fragt das Fenster: „Haben Sie die Einwilligung der abgebildeten Person?“ Die Antwort, ihr Zeitpunkt und das Wort „window“ bleiben beim Avatar und, unter der Prüfsumme des Bildes, in der Bibliothek, damit nur einmal gefragt wird. Nichts verlässt diesen Rechner.</translation>
        </message>
        <message>
            <source>Choose the folder new avatars are kept in</source>
            <translation>Ordner wählen, in dem neue Avatare aufbewahrt werden</translation>
        </message>
        <message>
            <source>Choose…</source>
            <translation>Wählen …</translation>
        </message>
        <message>
            <source>Consent</source>
            <translation>Einwilligung</translation>
        </message>
        <message>
            <source>Counts at once, and at every start.</source>
            <translation>Gilt sofort und bei jedem Start.</translation>
        </message>
        <message>
            <source>Counts at once.</source>
            <translation>Gilt sofort.</translation>
        </message>
        <message>
            <source>Counts from the next start.</source>
            <translation>Gilt ab dem nächsten Start.</translation>
        </message>
        <message>
            <source>Counts when the timeline is played next, or the microphone is switched on.</source>
            <translation>Gilt, wenn die Zeitleiste das nächste Mal spielt oder das Mikrofon eingeschaltet wird.</translation>
        </message>
        <message>
            <source>Dark</source>
            <translation>Dunkel</translation>
        </message>
        <message>
            <source>Drawing</source>
            <translation>Zeichnen</translation>
        </message>
        <message>
            <source>Every edit of a project is kept as it is made, on the disk within {seconds:.1f} s, and can be undone, also after the project was opened again. {count} earlier versions of its file are kept.</source>
            <translation>Jede Änderung eines Projekts wird sofort festgehalten, binnen {seconds:.1f} s auf der Platte, und lässt sich rückgängig machen, auch nachdem das Projekt neu geöffnet wurde. {count} frühere Fassungen seiner Datei bleiben.</translation>
        </message>
        <message>
            <source>Files</source>
            <translation>Dateien</translation>
        </message>
        <message>
            <source>High contrast</source>
            <translation>Hoher Kontrast</translation>
        </message>
        <message>
            <source>Language</source>
            <translation>Sprache</translation>
        </message>
        <message>
            <source>Library</source>
            <translation>Bibliothek</translation>
        </message>
        <message>
            <source>Light</source>
            <translation>Hell</translation>
        </message>
        <message>
            <source>Look</source>
            <translation>Aussehen</translation>
        </message>
        <message>
            <source>Microphone</source>
            <translation>Mikrofon</translation>
        </message>
        <message>
            <source>NVIDIA card (gsplat)</source>
            <translation>NVIDIA-Karte (gsplat)</translation>
        </message>
        <message>
            <source>Nothing can be written to “{name}”; choose another folder.</source>
            <translation>In „{name}“ kann nichts geschrieben werden; wählen Sie einen anderen Ordner.</translation>
        </message>
        <message>
            <source>OpenGL</source>
            <translation>OpenGL</translation>
        </message>
        <message>
            <source>Painted by the processor</source>
            <translation>Vom Prozessor gemalt</translation>
        </message>
        <message>
            <source>Picture on screen</source>
            <translation>Bild auf dem Schirm</translation>
        </message>
        <message>
            <source>Preferences</source>
            <translation>Einstellungen</translation>
        </message>
        <message>
            <source>Processor (numba)</source>
            <translation>Prozessor (numba)</translation>
        </message>
        <message>
            <source>Renderer</source>
            <translation>Zeichner</translation>
        </message>
        <message>
            <source>Reset all preferences</source>
            <translation>Alle Einstellungen zurücksetzen</translation>
        </message>
        <message>
            <source>Set everything on this page as it was new; avatars and projects stay</source>
            <translation>Alles auf dieser Seite wie neu einstellen; Avatare und Projekte bleiben</translation>
        </message>
        <message>
            <source>Size of the window</source>
            <translation>Größe des Fensters</translation>
        </message>
        <message>
            <source>Sound</source>
            <translation>Ton</translation>
        </message>
        <message>
            <source>Sound output</source>
            <translation>Tonausgabe</translation>
        </message>
        <message>
            <source>Start again</source>
            <translation>Von vorn</translation>
        </message>
        <message>
            <source>System microphone</source>
            <translation>Mikrofon des Systems</translation>
        </message>
        <message>
            <source>System output</source>
            <translation>Tonausgabe des Systems</translation>
        </message>
        <message>
            <source>The fastest there is</source>
            <translation>Der schnellste, den es gibt</translation>
        </message>
        <message>
            <source>Theme</source>
            <translation>Farben</translation>
        </message>
        <message>
            <source>Threads</source>
            <translation>Threads</translation>
        </message>
        <message>
            <source>What suits this display</source>
            <translation>Was zum Bildschirm passt</translation>
        </message>
        <message>
            <source>Where the card cannot be used the processor draws, and Help says why.</source>
            <translation>Wo die Karte nicht taugt, zeichnet der Prozessor, und die Hilfe sagt, warum.</translation>
        </message>
        <message>
            <source>{name} (not there)</source>
            <translation>{name} (nicht da)</translation>
        </message>
    </context>
    <context>
        <name>PreflightCard</name>
        <message>
            <source>Face {px:.0f} px high</source>
            <translation>Gesicht {px:.0f} px hoch</translation>
        </message>
        <message>
            <source>Something covers the face and will become part of it; a picture without it is better.</source>
            <translation>Etwas verdeckt das Gesicht und wird Teil davon; ein Bild ohne es ist besser.</translation>
        </message>
        <message>
            <source>The face is blurred and the head will be too; a sharper picture is better.</source>
            <translation>Das Gesicht ist unscharf, und der Kopf wird es auch; ein schärferes Bild ist besser.</translation>
        </message>
        <message>
            <source>The face is small, so the head will look soft; a larger picture is better.</source>
            <translation>Das Gesicht ist klein, deshalb wird der Kopf weich; ein größeres Bild ist besser.</translation>
        </message>
        <message>
            <source>The face is turned far to the side; the hidden half is guessed.</source>
            <translation>Das Gesicht ist weit zur Seite gedreht; die verdeckte Hälfte wird erraten.</translation>
        </message>
        <message>
            <source>This picture makes a good head.</source>
            <translation>Aus diesem Bild wird ein guter Kopf.</translation>
        </message>
        <message>
            <source>What was seen</source>
            <translation>Was zu sehen ist</translation>
        </message>
        <message>
            <source>blurred</source>
            <translation>unscharf</translation>
        </message>
        <message>
            <source>nothing before it</source>
            <translation>nichts davor</translation>
        </message>
        <message>
            <source>sharp</source>
            <translation>scharf</translation>
        </message>
        <message>
            <source>turned by {degrees}°</source>
            <translation>um {degrees}° gedreht</translation>
        </message>
        <message>
            <source>{percent:.0f} % not skin</source>
            <translation>{percent:.0f} % keine Haut</translation>
        </message>
    </context>
    <context>
        <name>ProjectDesk</name>
        <message>
            <source>A new project.</source>
            <translation>Ein neues Projekt.</translation>
        </message>
        <message>
            <source>A new project. The one before is kept under File &gt; Open recent.</source>
            <translation>Ein neues Projekt. Das vorige liegt unter Datei &gt; Zuletzt geöffnet.</translation>
        </message>
        <message>
            <source>A new project. What was not saved is kept: open the project again to go on.</source>
            <translation>Ein neues Projekt. Was nicht gespeichert war, bleibt erhalten: Öffnen Sie das Projekt wieder, um weiterzumachen.</translation>
        </message>
        <message>
            <source>Done again: {what}.</source>
            <translation>Wiederholt: {what}.</translation>
        </message>
        <message>
            <source>Everything is as it was before the crash; Ctrl+Z still takes back.</source>
            <translation>Alles ist wie vor dem Absturz; Strg+Z nimmt weiterhin zurück.</translation>
        </message>
        <message>
            <source>Last project</source>
            <translation>Letztes Projekt</translation>
        </message>
        <message>
            <source>New project</source>
            <translation>Neues Projekt</translation>
        </message>
        <message>
            <source>Opened a project that has no file yet; Ctrl+S gives it one.</source>
            <translation>Ein Projekt geöffnet, das noch keine Datei hat; Strg+S gibt ihm eine.</translation>
        </message>
        <message>
            <source>Opened {name}.</source>
            <translation>{name} geöffnet.</translation>
        </message>
        <message>
            <source>Opening a project</source>
            <translation>Ein Projekt wird geöffnet</translation>
        </message>
        <message>
            <source>Opening {name}</source>
            <translation>{name} wird geöffnet</translation>
        </message>
        <message>
            <source>Projects</source>
            <translation>Projekte</translation>
        </message>
        <message>
            <source>Saved {name}.</source>
            <translation>{name} wurde gespeichert.</translation>
        </message>
        <message>
            <source>Saving {name}</source>
            <translation>{name} wird gespeichert</translation>
        </message>
        <message>
            <source>The project is being opened or saved; press Ctrl+S again when that is done.</source>
            <translation>Das Projekt wird gerade geöffnet oder gespeichert; drücken Sie danach noch einmal Strg+S.</translation>
        </message>
        <message>
            <source>The project was not saved.</source>
            <translation>Das Projekt wurde nicht gespeichert.</translation>
        </message>
        <message>
            <source>Undone: {what}.</source>
            <translation>Rückgängig gemacht: {what}.</translation>
        </message>
        <message>
            <source>Untitled</source>
            <translation>Unbenannt</translation>
        </message>
        <message>
            <source>Your project is as you left it. It has no file yet; Ctrl+S gives it one.</source>
            <translation>Ihr Projekt ist, wie Sie es verlassen haben. Es hat noch keine Datei; Strg+S gibt ihm eine.</translation>
        </message>
        <message>
            <source>{name} (copy)</source>
            <translation>{name} (Kopie)</translation>
        </message>
        <message>
            <source>{name} is as you left it; Ctrl+Z still takes back.</source>
            <translation>{name} ist, wie Sie es verlassen haben; Strg+Z nimmt weiterhin zurück.</translation>
        </message>
        <message>
            <source>{name} is open already.</source>
            <translation>{name} ist schon geöffnet.</translation>
        </message>
    </context>
    <context>
        <name>ProjectMenu</name>
        <message>
            <source>Project without a file, {when}</source>
            <translation>Projekt ohne Datei, {when}</translation>
        </message>
        <message>
            <source>Redo {what}</source>
            <translation>Wiederholen: {what}</translation>
        </message>
        <message>
            <source>Undo {what}</source>
            <translation>Rückgängig: {what}</translation>
        </message>
        <message>
            <source>{name}[*] — Avatar Studio</source>
            <translation>{name}[*] — Avatar Studio</translation>
        </message>
    </context>
    <context>
        <name>Readings</name>
        <message>
            <source>At rest</source>
            <translation>In Ruhe</translation>
        </message>
        <message>
            <source>Live</source>
            <translation>Live</translation>
        </message>
        <message>
            <source>Playing</source>
            <translation>Wiedergabe</translation>
        </message>
        <message>
            <source>Recording</source>
            <translation>Aufnahme läuft</translation>
        </message>
        <message>
            <source>Waiting for the camera</source>
            <translation>Wartet auf die Kamera</translation>
        </message>
        <message>
            <source>Waiting for the microphone</source>
            <translation>Wartet auf das Mikrofon</translation>
        </message>
    </context>
    <context>
        <name>RecoveryCard</name>
        <message>
            <source>Recover</source>
            <translation>Wiederherstellen</translation>
        </message>
        <message>
            <source>Recover the project that was open, as it was at {when}?</source>
            <translation>Das geöffnete Projekt wiederherstellen, wie es um {when} war?</translation>
        </message>
        <message>
            <source>Recover “{name}” as it was at {when}, with what was not saved?</source>
            <translation>„{name}“ wiederherstellen, wie es um {when} war, mit dem, was nicht gespeichert war?</translation>
        </message>
        <message>
            <source>Start fresh</source>
            <translation>Neu beginnen</translation>
        </message>
        <message>
            <source>The program did not end well the last time. Nothing is thrown away if you start fresh.</source>
            <translation>Das Programm wurde zuletzt nicht ordentlich beendet. Nichts geht verloren, wenn Sie neu beginnen.</translation>
        </message>
    </context>
    <context>
        <name>Ruler</name>
        <message>
            <source>Drag to scrub; drag with Shift to loop a stretch</source>
            <translation>Ziehen spult; Ziehen mit Umschalt setzt eine Schleife</translation>
        </message>
        <message>
            <source>Ruler</source>
            <translation>Zeitleiste</translation>
        </message>
    </context>
    <context>
        <name>SourcePreview</name>
        <message>
            <source>Click on the face that is to be followed</source>
            <translation>Klicken Sie das Gesicht an, dem gefolgt werden soll</translation>
        </message>
        <message>
            <source>What drives the head</source>
            <translation>Was den Kopf antreibt</translation>
        </message>
    </context>
    <context>
        <name>Stage</name>
        <message>
            <source>Head</source>
            <translation>Kopf</translation>
        </message>
        <message>
            <source>Stage</source>
            <translation>Bühne</translation>
        </message>
    </context>
    <context>
        <name>Ticket</name>
        <message>
            <source>{title} stopped on a fault in the program ({kind}: {error}); see Help &gt; Log.</source>
            <translation>{title}: wegen eines Fehlers im Programm beendet ({kind}: {error}); siehe Hilfe &gt; Protokoll.</translation>
        </message>
    </context>
    <context>
        <name>TimelinePanel</name>
        <message>
            <source>Curve from take</source>
            <translation>Kurve aus Aufnahme</translation>
        </message>
        <message>
            <source>Finding the keys of {channel}</source>
            <translation>Schlüsselbilder von {channel} werden gesucht</translation>
        </message>
        <message>
            <source>Name of the marker</source>
            <translation>Name der Marke</translation>
        </message>
        <message>
            <source>Scroll in time</source>
            <translation>In der Zeit rollen</translation>
        </message>
        <message>
            <source>Timeline</source>
            <translation>Zeitleiste</translation>
        </message>
    </context>
    <context>
        <name>Tour</name>
        <message>
            <source>Done</source>
            <translation>Fertig</translation>
        </message>
        <message>
            <source>Next</source>
            <translation>Weiter</translation>
        </message>
        <message>
            <source>Skip the tour</source>
            <translation>Überspringen</translation>
        </message>
        <message>
            <source>{at} of {all}</source>
            <translation>{at} von {all}</translation>
        </message>
    </context>
    <context>
        <name>TransportBar</name>
        <message>
            <source>Press the microphone and speak, or drop a sound file here</source>
            <translation>Mikrofon drücken und sprechen oder eine Tondatei hereinziehen</translation>
        </message>
        <message>
            <source>Time</source>
            <translation>Zeit</translation>
        </message>
    </context>
    <context>
        <name>VideoCard</name>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Drive the head with it</source>
            <translation>Den Kopf damit bewegen</translation>
        </message>
        <message>
            <source>Personalise the head with it</source>
            <translation>Den Kopf damit personalisieren</translation>
        </message>
        <message>
            <source>Take only its sound</source>
            <translation>Nur den Ton nehmen</translation>
        </message>
        <message>
            <source>The head learns how this person looks and moves</source>
            <translation>Der Kopf lernt, wie diese Person aussieht und sich bewegt</translation>
        </message>
        <message>
            <source>The head moves as the face in the video does</source>
            <translation>Der Kopf bewegt sich wie das Gesicht im Video</translation>
        </message>
        <message>
            <source>The head says what is heard in it</source>
            <translation>Der Kopf sagt, was darin zu hören ist</translation>
        </message>
        <message>
            <source>What is “{name}” for?</source>
            <translation>Wozu ist „{name}“?</translation>
        </message>
    </context>
    <context>
        <name>WebcamBox</name>
        <message>
            <source>Brows</source>
            <translation>Brauen</translation>
        </message>
        <message>
            <source>Camera to picture: not measured yet</source>
            <translation>Kamera bis Bild: noch nicht gemessen</translation>
        </message>
        <message>
            <source>Camera to picture: {ms:.0f} ms</source>
            <translation>Kamera bis Bild: {ms:.0f} ms</translation>
        </message>
        <message>
            <source>Channel</source>
            <translation>Kanal</translation>
        </message>
        <message>
            <source>Eyes</source>
            <translation>Augen</translation>
        </message>
        <message>
            <source>Face seen</source>
            <translation>Gesicht erkannt</translation>
        </message>
        <message>
            <source>First camera</source>
            <translation>Erste Kamera</translation>
        </message>
        <message>
            <source>Gain of the channel</source>
            <translation>Verstärkung des Kanals</translation>
        </message>
        <message>
            <source>Head</source>
            <translation>Kopf</translation>
        </message>
        <message>
            <source>How far your brows do; at 0 speech moves them</source>
            <translation>Wie weit Ihre Brauen wirken; bei 0 bewegt sie die Sprache</translation>
        </message>
        <message>
            <source>How far your head's motion reaches the head</source>
            <translation>Wie weit die Bewegung Ihres Kopfes auf den Kopf wirkt</translation>
        </message>
        <message>
            <source>How far your jaw and lips do, where the microphone does not move them</source>
            <translation>Wie weit Ihr Kiefer und Ihre Lippen wirken, wo das Mikrofon sie nicht bewegt</translation>
        </message>
        <message>
            <source>How far your lids and gaze do; at 0 the head blinks by itself</source>
            <translation>Wie weit Ihre Lider und Ihr Blick wirken; bei 0 blinzelt der Kopf von selbst</translation>
        </message>
        <message>
            <source>Its gain</source>
            <translation>Seine Verstärkung</translation>
        </message>
        <message>
            <source>Lips</source>
            <translation>Lippen</translation>
        </message>
        <message>
            <source>Look for cameras again</source>
            <translation>Erneut nach Kameras suchen</translation>
        </message>
        <message>
            <source>Look straight and relax</source>
            <translation>Geradeaus blicken und entspannen</translation>
        </message>
        <message>
            <source>Look straight and relax…</source>
            <translation>Geradeaus blicken, entspannen …</translation>
        </message>
        <message>
            <source>Measured from the moment the camera took a picture to the painted picture that shows it</source>
            <translation>Gemessen vom Moment der Kameraaufnahme bis zum gemalten Bild, das sie zeigt</translation>
        </message>
        <message>
            <source>Mirror the head</source>
            <translation>Den Kopf spiegeln</translation>
        </message>
        <message>
            <source>Multiplies the part's own</source>
            <translation>Wird mit der des Teils multipliziert</translation>
        </message>
        <message>
            <source>No camera found</source>
            <translation>Keine Kamera gefunden</translation>
        </message>
        <message>
            <source>No face seen</source>
            <translation>Kein Gesicht erkannt</translation>
        </message>
        <message>
            <source>Off</source>
            <translation>Aus</translation>
        </message>
        <message>
            <source>One of the 52 channels, to be given a gain of its own</source>
            <translation>Einer der 52 Kanäle, der eine eigene Verstärkung erhält</translation>
        </message>
        <message>
            <source>Takes your face of the next second for its rest: head straight, mouth shut, brows at ease</source>
            <translation>Nimmt Ihr Gesicht der nächsten Sekunde als Ruhe: Kopf gerade, Mund zu, Brauen entspannt</translation>
        </message>
        <message>
            <source>The head moves as you do in a mirror; off, its left is your left</source>
            <translation>Der Kopf bewegt sich wie Sie im Spiegel; aus: sein Links ist Ihr Links</translation>
        </message>
        <message>
            <source>Webcam</source>
            <translation>Webcam</translation>
        </message>
        <message>
            <source>Which camera is watched; no other is ever taken in its place</source>
            <translation>Welche Kamera zusieht; nie wird eine andere an ihrer Stelle genommen</translation>
        </message>
        <message>
            <source>{name} (not there)</source>
            <translation>{name} (nicht da)</translation>
        </message>
        <message>
            <source>{seen} · {rate:.0f} pictures/s</source>
            <translation>{seen} · {rate:.0f} Bilder/s</translation>
        </message>
    </context>
    <context>
        <name>Wipe</name>
        <message>
            <source>Before and after</source>
            <translation>Vorher und nachher</translation>
        </message>
    </context>
    <context>
        <name>arkit</name>
        <message>
            <source>Brow down left</source>
            <translation>Braue nach unten links</translation>
        </message>
        <message>
            <source>Brow down right</source>
            <translation>Braue nach unten rechts</translation>
        </message>
        <message>
            <source>Brow inner up</source>
            <translation>Braue innen nach oben</translation>
        </message>
        <message>
            <source>Brow outer up left</source>
            <translation>Braue außen nach oben links</translation>
        </message>
        <message>
            <source>Brow outer up right</source>
            <translation>Braue außen nach oben rechts</translation>
        </message>
        <message>
            <source>Cheek puff</source>
            <translation>Wange aufblasen</translation>
        </message>
        <message>
            <source>Cheek squint left</source>
            <translation>Wange zusammenkneifen links</translation>
        </message>
        <message>
            <source>Cheek squint right</source>
            <translation>Wange zusammenkneifen rechts</translation>
        </message>
        <message>
            <source>Eye blink left</source>
            <translation>Auge schließen links</translation>
        </message>
        <message>
            <source>Eye blink right</source>
            <translation>Auge schließen rechts</translation>
        </message>
        <message>
            <source>Eye look down left</source>
            <translation>Auge blickt nach unten links</translation>
        </message>
        <message>
            <source>Eye look down right</source>
            <translation>Auge blickt nach unten rechts</translation>
        </message>
        <message>
            <source>Eye look in left</source>
            <translation>Auge blickt nach innen links</translation>
        </message>
        <message>
            <source>Eye look in right</source>
            <translation>Auge blickt nach innen rechts</translation>
        </message>
        <message>
            <source>Eye look out left</source>
            <translation>Auge blickt nach außen links</translation>
        </message>
        <message>
            <source>Eye look out right</source>
            <translation>Auge blickt nach außen rechts</translation>
        </message>
        <message>
            <source>Eye look up left</source>
            <translation>Auge blickt nach oben links</translation>
        </message>
        <message>
            <source>Eye look up right</source>
            <translation>Auge blickt nach oben rechts</translation>
        </message>
        <message>
            <source>Eye squint left</source>
            <translation>Auge zusammenkneifen links</translation>
        </message>
        <message>
            <source>Eye squint right</source>
            <translation>Auge zusammenkneifen rechts</translation>
        </message>
        <message>
            <source>Eye wide left</source>
            <translation>Auge weit links</translation>
        </message>
        <message>
            <source>Eye wide right</source>
            <translation>Auge weit rechts</translation>
        </message>
        <message>
            <source>Jaw forward</source>
            <translation>Kiefer nach vorn</translation>
        </message>
        <message>
            <source>Jaw left</source>
            <translation>Kiefer links</translation>
        </message>
        <message>
            <source>Jaw open</source>
            <translation>Kiefer öffnen</translation>
        </message>
        <message>
            <source>Jaw right</source>
            <translation>Kiefer rechts</translation>
        </message>
        <message>
            <source>Mouth close</source>
            <translation>Mund schließen</translation>
        </message>
        <message>
            <source>Mouth dimple left</source>
            <translation>Mund Grübchen links</translation>
        </message>
        <message>
            <source>Mouth dimple right</source>
            <translation>Mund Grübchen rechts</translation>
        </message>
        <message>
            <source>Mouth frown left</source>
            <translation>Mund herabziehen links</translation>
        </message>
        <message>
            <source>Mouth frown right</source>
            <translation>Mund herabziehen rechts</translation>
        </message>
        <message>
            <source>Mouth funnel</source>
            <translation>Mund trichtern</translation>
        </message>
        <message>
            <source>Mouth left</source>
            <translation>Mund links</translation>
        </message>
        <message>
            <source>Mouth lower down left</source>
            <translation>Mund unten nach unten links</translation>
        </message>
        <message>
            <source>Mouth lower down right</source>
            <translation>Mund unten nach unten rechts</translation>
        </message>
        <message>
            <source>Mouth press left</source>
            <translation>Mund pressen links</translation>
        </message>
        <message>
            <source>Mouth press right</source>
            <translation>Mund pressen rechts</translation>
        </message>
        <message>
            <source>Mouth pucker</source>
            <translation>Mund spitzen</translation>
        </message>
        <message>
            <source>Mouth right</source>
            <translation>Mund rechts</translation>
        </message>
        <message>
            <source>Mouth roll lower</source>
            <translation>Mund einrollen unten</translation>
        </message>
        <message>
            <source>Mouth roll upper</source>
            <translation>Mund einrollen oben</translation>
        </message>
        <message>
            <source>Mouth shrug lower</source>
            <translation>Mund schürzen unten</translation>
        </message>
        <message>
            <source>Mouth shrug upper</source>
            <translation>Mund schürzen oben</translation>
        </message>
        <message>
            <source>Mouth smile left</source>
            <translation>Mund lächeln links</translation>
        </message>
        <message>
            <source>Mouth smile right</source>
            <translation>Mund lächeln rechts</translation>
        </message>
        <message>
            <source>Mouth stretch left</source>
            <translation>Mund strecken links</translation>
        </message>
        <message>
            <source>Mouth stretch right</source>
            <translation>Mund strecken rechts</translation>
        </message>
        <message>
            <source>Mouth upper up left</source>
            <translation>Mund oben nach oben links</translation>
        </message>
        <message>
            <source>Mouth upper up right</source>
            <translation>Mund oben nach oben rechts</translation>
        </message>
        <message>
            <source>Nose sneer left</source>
            <translation>Nase rümpfen links</translation>
        </message>
        <message>
            <source>Nose sneer right</source>
            <translation>Nase rümpfen rechts</translation>
        </message>
        <message>
            <source>Tongue out</source>
            <translation>Zunge nach außen</translation>
        </message>
    </context>
    <context>
        <name>build_options</name>
        <message>
            <source>Add a head…</source>
            <translation>Kopf hinzufügen …</translation>
        </message>
        <message>
            <source>Built-in</source>
            <translation>Eingebaut</translation>
        </message>
        <message>
            <source>Engine</source>
            <translation>Engine</translation>
        </message>
        <message>
            <source>Engine of the next build</source>
            <translation>Engine des nächsten Kopfs</translation>
        </message>
        <message>
            <source>Head</source>
            <translation>Kopf</translation>
        </message>
        <message>
            <source>Head of the next build</source>
            <translation>Kopf des nächsten Baus</translation>
        </message>
        <message>
            <source>Head: {head} · Quality: {quality}</source>
            <translation>Kopf: {head} · Qualität: {quality}</translation>
        </message>
        <message>
            <source>High</source>
            <translation>Hoch</translation>
        </message>
        <message>
            <source>Lift</source>
            <translation>Lift</translation>
        </message>
        <message>
            <source>Lift: turns, speaks and follows sliders and faces. Splat-Portrait: one trained network, follows sound and the pose of the head alone.</source>
            <translation>Lift: dreht sich, spricht und folgt Reglern und Gesichtern. Splat-Portrait: ein trainiertes Netz, folgt nur Ton und Kopfhaltung.</translation>
        </message>
        <message>
            <source>Quality</source>
            <translation>Qualität</translation>
        </message>
        <message>
            <source>Quality of the next build</source>
            <translation>Qualität des nächsten Baus</translation>
        </message>
        <message>
            <source>Splat-Portrait</source>
            <translation>Splat-Portrait</translation>
        </message>
        <message>
            <source>Standard</source>
            <translation>Standard</translation>
        </message>
        <message>
            <source>Standard: up to 120,000 Gaussians. High: up to 250,000, slower to build and to draw.</source>
            <translation>Standard: bis 120 000 Gaußsche. Hoch: bis 250 000, langsamer zu bauen und zu zeichnen.</translation>
        </message>
        <message>
            <source>Whose expressions the next avatar has: the built-in head's, or a head's that you add</source>
            <translation>Wessen Mimik der nächste Avatar hat: die des eingebauten Kopfes oder eines hinzugefügten</translation>
        </message>
    </context>
    <context>
        <name>commands</name>
        <message>
            <source>About</source>
            <translation>Über</translation>
        </message>
        <message>
            <source>Add FLAME or ICT-FaceKit, whose expressions new avatars can have</source>
            <translation>FLAME oder ICT-FaceKit hinzufügen, deren Mimik neue Avatare haben können</translation>
        </message>
        <message>
            <source>Add a head…</source>
            <translation>Kopf hinzufügen …</translation>
        </message>
        <message>
            <source>Add key</source>
            <translation>Setzen</translation>
        </message>
        <message>
            <source>Add marker</source>
            <translation>Marke setzen</translation>
        </message>
        <message>
            <source>As the system</source>
            <translation>Wie das System</translation>
        </message>
        <message>
            <source>Avatar</source>
            <translation>Avatar</translation>
        </message>
        <message>
            <source>Back to the portrait's own view</source>
            <translation>Zurück zur Ansicht des Porträts</translation>
        </message>
        <message>
            <source>Begin anew; what is open keeps what is not saved</source>
            <translation>Neu anfangen; was offen ist, behält, was nicht gespeichert ist</translation>
        </message>
        <message>
            <source>Begin at the playhead</source>
            <translation>An der Abspielmarke beginnen</translation>
        </message>
        <message>
            <source>Build a head from a public-domain portrait</source>
            <translation>Einen Kopf aus einem gemeinfreien Porträt bauen</translation>
        </message>
        <message>
            <source>Build with handles…</source>
            <translation>Mit Griffen bauen …</translation>
        </message>
        <message>
            <source>Close the window</source>
            <translation>Das Fenster schließen</translation>
        </message>
        <message>
            <source>Collect media…</source>
            <translation>Medien sammeln…</translation>
        </message>
        <message>
            <source>Copy</source>
            <translation>Kopieren</translation>
        </message>
        <message>
            <source>Cut</source>
            <translation>Ausschneiden</translation>
        </message>
        <message>
            <source>Cut blocks in two at the playhead</source>
            <translation>Blöcke an der Abspielmarke in zwei teilen</translation>
        </message>
        <message>
            <source>Cut off what the selection has after</source>
            <translation>Abschneiden, was von der Auswahl danach kommt</translation>
        </message>
        <message>
            <source>Cut off what the selection has before</source>
            <translation>Abschneiden, was von der Auswahl davor liegt</translation>
        </message>
        <message>
            <source>Dark</source>
            <translation>Dunkel</translation>
        </message>
        <message>
            <source>Delete</source>
            <translation>Löschen</translation>
        </message>
        <message>
            <source>Do again what was taken back</source>
            <translation>Wiederholen, was zurückgenommen wurde</translation>
        </message>
        <message>
            <source>Duplicate</source>
            <translation>Duplizieren</translation>
        </message>
        <message>
            <source>Edit</source>
            <translation>Bearbeiten</translation>
        </message>
        <message>
            <source>End at the playhead</source>
            <translation>An der Abspielmarke enden</translation>
        </message>
        <message>
            <source>Every action and avatar by a few letters</source>
            <translation>Jeder Befehl und Avatar mit wenigen Buchstaben</translation>
        </message>
        <message>
            <source>Every shortcut, with a search</source>
            <translation>Alle Tastenkürzel, mit Suche</translation>
        </message>
        <message>
            <source>Export clip…</source>
            <translation>Clip exportieren …</translation>
        </message>
        <message>
            <source>Export mesh…</source>
            <translation>Netz exportieren …</translation>
        </message>
        <message>
            <source>Export motion…</source>
            <translation>Bewegung exportieren …</translation>
        </message>
        <message>
            <source>Export splats…</source>
            <translation>Splats exportieren …</translation>
        </message>
        <message>
            <source>Export still…</source>
            <translation>Standbild exportieren …</translation>
        </message>
        <message>
            <source>Export view sheet…</source>
            <translation>Ansichtsbogen exportieren …</translation>
        </message>
        <message>
            <source>File</source>
            <translation>Datei</translation>
        </message>
        <message>
            <source>Fill the screen</source>
            <translation>Den Bildschirm füllen</translation>
        </message>
        <message>
            <source>Find a command…</source>
            <translation>Befehl suchen …</translation>
        </message>
        <message>
            <source>Fit</source>
            <translation>Einpassen</translation>
        </message>
        <message>
            <source>Five callouts: drop, turn, speak, edit, export</source>
            <translation>Fünf Hinweise: hereinziehen, drehen, sprechen, bearbeiten, exportieren</translation>
        </message>
        <message>
            <source>Flat tangents</source>
            <translation>Flache Tangenten</translation>
        </message>
        <message>
            <source>Frames and delays of the last minute</source>
            <translation>Bilder und Verzögerungen der letzten Minute</translation>
        </message>
        <message>
            <source>Front</source>
            <translation>Vorn</translation>
        </message>
        <message>
            <source>Full screen</source>
            <translation>Vollbild</translation>
        </message>
        <message>
            <source>Give the selected marker another name</source>
            <translation>Der gewählten Marke einen anderen Namen geben</translation>
        </message>
        <message>
            <source>Grid and safe areas</source>
            <translation>Gitter und sichere Bereiche</translation>
        </message>
        <message>
            <source>Help</source>
            <translation>Hilfe</translation>
        </message>
        <message>
            <source>High contrast</source>
            <translation>Hoher Kontrast</translation>
        </message>
        <message>
            <source>Keep how the head moves as a take</source>
            <translation>Die Bewegung des Kopfes als Aufnahme behalten</translation>
        </message>
        <message>
            <source>Keep the selection for pasting</source>
            <translation>Die Auswahl zum Einfügen merken</translation>
        </message>
        <message>
            <source>Keyboard shortcuts</source>
            <translation>Tastenkürzel</translation>
        </message>
        <message>
            <source>Lay a copy of the selection right after it</source>
            <translation>Eine Kopie der Auswahl gleich dahinter legen</translation>
        </message>
        <message>
            <source>Lay down at the playhead what was cut or copied</source>
            <translation>Ausgeschnittenes oder Kopiertes an der Abspielmarke einfügen</translation>
        </message>
        <message>
            <source>Learn a clip, or several pictures, of the person on show</source>
            <translation>Einen Clip oder mehrere Bilder der gezeigten Person lernen</translation>
        </message>
        <message>
            <source>Learn a clip…</source>
            <translation>Clip lernen …</translation>
        </message>
        <message>
            <source>Leave out what comes next</source>
            <translation>Auslassen, was als Nächstes kommt</translation>
        </message>
        <message>
            <source>Left</source>
            <translation>Links</translation>
        </message>
        <message>
            <source>Let edges rest at edges, keys, playhead, frames</source>
            <translation>Kanten rasten an Kanten, Schlüsselbildern, Abspielmarke und Bildern ein</translation>
        </message>
        <message>
            <source>Let every slider go back to rest</source>
            <translation>Alle Regler in die Ruhe zurücklassen</translation>
        </message>
        <message>
            <source>Let the curve be level at the selected keys</source>
            <translation>Die Kurve an den gewählten Schlüsselbildern waagrecht führen</translation>
        </message>
        <message>
            <source>Let the curve have corners at the selected keys</source>
            <translation>Der Kurve an den gewählten Schlüsselbildern Ecken geben</translation>
        </message>
        <message>
            <source>Let the curve run smoothly through keys</source>
            <translation>Die Kurve glatt durch Schlüsselbilder führen</translation>
        </message>
        <message>
            <source>Light</source>
            <translation>Hell</translation>
        </message>
        <message>
            <source>Linear tangents</source>
            <translation>Lineare Tangenten</translation>
        </message>
        <message>
            <source>Live</source>
            <translation>Live</translation>
        </message>
        <message>
            <source>Log</source>
            <translation>Protokoll</translation>
        </message>
        <message>
            <source>Look at a longer stretch of time; Ctrl+wheel</source>
            <translation>Einen längeren Zeitraum ansehen; Strg+Mausrad</translation>
        </message>
        <message>
            <source>Look at a shorter stretch of time; Ctrl+wheel</source>
            <translation>Einen kürzeren Zeitraum ansehen; Strg+Mausrad</translation>
        </message>
        <message>
            <source>Look at the head's left side</source>
            <translation>Die linke Seite des Kopfes ansehen</translation>
        </message>
        <message>
            <source>Look at the head's right side</source>
            <translation>Die rechte Seite des Kopfes ansehen</translation>
        </message>
        <message>
            <source>Look from the front</source>
            <translation>Von vorn ansehen</translation>
        </message>
        <message>
            <source>Loop</source>
            <translation>Schleife</translation>
        </message>
        <message>
            <source>Make of the selected takes one take per lane</source>
            <translation>Aus den gewählten Aufnahmen je Spur eine machen</translation>
        </message>
        <message>
            <source>Microphone</source>
            <translation>Mikrofon</translation>
        </message>
        <message>
            <source>New project</source>
            <translation>Neues Projekt</translation>
        </message>
        <message>
            <source>Next avatar</source>
            <translation>Nächster Avatar</translation>
        </message>
        <message>
            <source>Open a project as it was left</source>
            <translation>Ein Projekt öffnen, wie es verlassen wurde</translation>
        </message>
        <message>
            <source>Open portraits, sounds or avatars</source>
            <translation>Porträts, Töne oder Avatare öffnen</translation>
        </message>
        <message>
            <source>Open project…</source>
            <translation>Projekt öffnen…</translation>
        </message>
        <message>
            <source>Open sound…</source>
            <translation>Ton öffnen …</translation>
        </message>
        <message>
            <source>Open speech for the head to say</source>
            <translation>Sprache öffnen, die der Kopf sprechen soll</translation>
        </message>
        <message>
            <source>Open the picture or the files on the clipboard</source>
            <translation>Das Bild oder die Dateien der Zwischenablage öffnen</translation>
        </message>
        <message>
            <source>Open…</source>
            <translation>Öffnen …</translation>
        </message>
        <message>
            <source>Paste</source>
            <translation>Einfügen</translation>
        </message>
        <message>
            <source>Pause recording</source>
            <translation>Aufnahme anhalten</translation>
        </message>
        <message>
            <source>Play</source>
            <translation>Abspielen</translation>
        </message>
        <message>
            <source>Play a stretch again and again</source>
            <translation>Einen Abschnitt immer wieder abspielen</translation>
        </message>
        <message>
            <source>Play the timeline</source>
            <translation>Die Zeitleiste abspielen</translation>
        </message>
        <message>
            <source>Portrait view</source>
            <translation>Porträtansicht</translation>
        </message>
        <message>
            <source>Preferences…</source>
            <translation>Einstellungen …</translation>
        </message>
        <message>
            <source>Previous avatar</source>
            <translation>Voriger Avatar</translation>
        </message>
        <message>
            <source>Put a key on opened curves at the playhead</source>
            <translation>Auf offene Kurven an der Abspielmarke ein Schlüsselbild setzen</translation>
        </message>
        <message>
            <source>Put a marker at the playhead</source>
            <translation>Eine Marke an die Abspielmarke setzen</translation>
        </message>
        <message>
            <source>Quit</source>
            <translation>Beenden</translation>
        </message>
        <message>
            <source>Record</source>
            <translation>Aufnehmen</translation>
        </message>
        <message>
            <source>Redo</source>
            <translation>Wiederholen</translation>
        </message>
        <message>
            <source>Remove from the library</source>
            <translation>Aus der Bibliothek entfernen</translation>
        </message>
        <message>
            <source>Rename marker…</source>
            <translation>Marke umbenennen …</translation>
        </message>
        <message>
            <source>Renderer, card, sound, disk, and why not better</source>
            <translation>Zeichner, Karte, Ton, Platte, und warum nicht besser</translation>
        </message>
        <message>
            <source>Reset face sliders</source>
            <translation>Gesichtsregler zurücksetzen</translation>
        </message>
        <message>
            <source>Right</source>
            <translation>Rechts</translation>
        </message>
        <message>
            <source>Ripple delete</source>
            <translation>Löschen und aufrücken</translation>
        </message>
        <message>
            <source>Save avatar as…</source>
            <translation>Avatar speichern unter …</translation>
        </message>
        <message>
            <source>Save project</source>
            <translation>Projekt speichern</translation>
        </message>
        <message>
            <source>Save project as…</source>
            <translation>Projekt speichern unter…</translation>
        </message>
        <message>
            <source>Say where the face is: animals, odd drawings</source>
            <translation>Sagen, wo das Gesicht ist: Tiere, eigenwillige Zeichnungen</translation>
        </message>
        <message>
            <source>Select all</source>
            <translation>Alles auswählen</translation>
        </message>
        <message>
            <source>Select everything on the timeline</source>
            <translation>Alles auf der Zeitleiste auswählen</translation>
        </message>
        <message>
            <source>Separate lanes</source>
            <translation>Spuren trennen</translation>
        </message>
        <message>
            <source>Show or fold the lanes below the head</source>
            <translation>Die Spuren unter dem Kopf zeigen oder einklappen</translation>
        </message>
        <message>
            <source>Show the next avatar of the list</source>
            <translation>Den nächsten Avatar der Liste zeigen</translation>
        </message>
        <message>
            <source>Show the previous avatar of the list</source>
            <translation>Den vorigen Avatar der Liste zeigen</translation>
        </message>
        <message>
            <source>Show the tour</source>
            <translation>Rundgang zeigen</translation>
        </message>
        <message>
            <source>Show the whole timeline</source>
            <translation>Die ganze Zeitleiste zeigen</translation>
        </message>
        <message>
            <source>Show what is guessed</source>
            <translation>Erratenes zeigen</translation>
        </message>
        <message>
            <source>Smooth tangents</source>
            <translation>Glatte Tangenten</translation>
        </message>
        <message>
            <source>Snap</source>
            <translation>Einrasten</translation>
        </message>
        <message>
            <source>Speak and the head speaks with you</source>
            <translation>Sprechen Sie, und der Kopf spricht mit</translation>
        </message>
        <message>
            <source>Speed and delay</source>
            <translation>Tempo und Verzögerung</translation>
        </message>
        <message>
            <source>Split</source>
            <translation>Teilen</translation>
        </message>
        <message>
            <source>Take the last edit back, also one of an earlier session</source>
            <translation>Die letzte Änderung zurücknehmen, auch eine aus einer früheren Sitzung</translation>
        </message>
        <message>
            <source>Take the selection and its time away on all lanes</source>
            <translation>Die Auswahl und ihre Zeit auf allen Spuren herausnehmen</translation>
        </message>
        <message>
            <source>Take the selection away</source>
            <translation>Die Auswahl entfernen</translation>
        </message>
        <message>
            <source>Take the selection away and keep it for pasting</source>
            <translation>Die Auswahl entfernen und zum Einfügen merken</translation>
        </message>
        <message>
            <source>Take this avatar off the list</source>
            <translation>Diesen Avatar von der Liste nehmen</translation>
        </message>
        <message>
            <source>Theme, size, language, renderer, sound</source>
            <translation>Farben, Größe, Sprache, Zeichner, Ton</translation>
        </message>
        <message>
            <source>Thirds and what every screen shows</source>
            <translation>Drittel und was jeder Bildschirm zeigt</translation>
        </message>
        <message>
            <source>Timeline</source>
            <translation>Zeitleiste</translation>
        </message>
        <message>
            <source>Tint what the portrait did not show</source>
            <translation>Färben, was das Porträt nicht zeigte</translation>
        </message>
        <message>
            <source>Try the sample</source>
            <translation>Beispiel ausprobieren</translation>
        </message>
        <message>
            <source>Undo</source>
            <translation>Rückgängig</translation>
        </message>
        <message>
            <source>View</source>
            <translation>Ansicht</translation>
        </message>
        <message>
            <source>What this machine can do</source>
            <translation>Was dieser Rechner kann</translation>
        </message>
        <message>
            <source>What went wrong, to be copied for a report</source>
            <translation>Was schiefging, zum Kopieren für einen Bericht</translation>
        </message>
        <message>
            <source>Which version this is</source>
            <translation>Welche Version dies ist</translation>
        </message>
        <message>
            <source>Write a bald, painted head with the 52 ARKit shapes as GLB</source>
            <translation>Einen kahlen, bemalten Kopf mit den 52 ARKit-Formen als GLB schreiben</translation>
        </message>
        <message>
            <source>Write a clip as the Export panel has it</source>
            <translation>Einen Clip schreiben, wie ihn die Seite „Export“ zeigt</translation>
        </message>
        <message>
            <source>Write a project file that also holds its sounds and pictures</source>
            <translation>Eine Projektdatei schreiben, die auch ihre Töne und Bilder enthält</translation>
        </message>
        <message>
            <source>Write how the head moves in the clip as ARKit CSV</source>
            <translation>Schreiben, wie sich der Kopf im Clip bewegt, als ARKit-CSV</translation>
        </message>
        <message>
            <source>Write seven views of four expressions</source>
            <translation>Sieben Ansichten von vier Gesichtsausdrücken schreiben</translation>
        </message>
        <message>
            <source>Write the avatar on show to a file</source>
            <translation>Den gezeigten Avatar in eine Datei schreiben</translation>
        </message>
        <message>
            <source>Write the head, as the sliders pose it: PLY, SPZ, GLB</source>
            <translation>Den Kopf schreiben, wie ihn die Regler stellen: PLY, SPZ, GLB</translation>
        </message>
        <message>
            <source>Write the picture on show</source>
            <translation>Das gezeigte Bild schreiben</translation>
        </message>
        <message>
            <source>Write the project to another file</source>
            <translation>Das Projekt in eine andere Datei schreiben</translation>
        </message>
        <message>
            <source>Write the project, with its heads, to its file</source>
            <translation>Das Projekt mit seinen Köpfen in seine Datei schreiben</translation>
        </message>
        <message>
            <source>Zoom in</source>
            <translation>Vergrößern</translation>
        </message>
        <message>
            <source>Zoom out</source>
            <translation>Verkleinern</translation>
        </message>
    </context>
    <context>
        <name>curves</name>
        <message>
            <source>Added to takes</source>
            <translation>Zu Aufnahmen addiert</translation>
        </message>
        <message>
            <source>Channel of {lane}</source>
            <translation>Kanal von {lane}</translation>
        </message>
        <message>
            <source>Curve from take</source>
            <translation>Kurve aus Aufnahme</translation>
        </message>
        <message>
            <source>Curve from takes of {lane}</source>
            <translation>Kurve aus Aufnahmen von {lane}</translation>
        </message>
        <message>
            <source>Double click to put a key</source>
            <translation>Doppelklick setzt ein Schlüsselbild</translation>
        </message>
        <message>
            <source>Instead of takes</source>
            <translation>Statt der Aufnahmen</translation>
        </message>
        <message>
            <source>Make keys of what the selected takes, or all, do to this channel; the curve then stands for them</source>
            <translation>Aus dem, was die gewählten oder alle Aufnahmen mit diesem Kanal machen, Schlüsselbilder machen; die Kurve steht dann für sie</translation>
        </message>
        <message>
            <source>What the curve of {lane} does</source>
            <translation>Was die Kurve von {lane} macht</translation>
        </message>
    </context>
    <context>
        <name>dropping</name>
        <message>
            <source>Avatars</source>
            <translation>Avatare</translation>
        </message>
        <message>
            <source>Drop to open</source>
            <translation>Loslassen zum Öffnen</translation>
        </message>
        <message>
            <source>Not known</source>
            <translation>Unbekannt</translation>
        </message>
        <message>
            <source>Portraits</source>
            <translation>Porträts</translation>
        </message>
        <message>
            <source>Projects</source>
            <translation>Projekte</translation>
        </message>
        <message>
            <source>Sounds</source>
            <translation>Töne</translation>
        </message>
        <message>
            <source>That is on the web; save it on this computer and drop the file.</source>
            <translation>Das liegt im Netz; speichern Sie es auf diesem Rechner und ziehen Sie die Datei herein.</translation>
        </message>
        <message>
            <source>This cannot be opened</source>
            <translation>Das lässt sich nicht öffnen</translation>
        </message>
        <message>
            <source>Videos</source>
            <translation>Videos</translation>
        </message>
        <message>
            <source>“{name}” is a folder; open it and drop the files that lie in it.</source>
            <translation>„{name}“ ist ein Ordner; öffnen Sie ihn und ziehen Sie die Dateien daraus herein.</translation>
        </message>
    </context>
    <context>
        <name>gestures</name>
        <message>
            <source>Move</source>
            <translation>Verschieben</translation>
        </message>
        <message>
            <source>Trim</source>
            <translation>Kürzen</translation>
        </message>
        <message>
            <source>Turn tangent</source>
            <translation>Tangente drehen</translation>
        </message>
    </context>
    <context>
        <name>lanes</name>
        <message>
            <source>Audio</source>
            <translation>Ton</translation>
        </message>
        <message>
            <source>Camera</source>
            <translation>Kamera</translation>
        </message>
        <message>
            <source>Curve of {lane}</source>
            <translation>Kurve von {lane}</translation>
        </message>
        <message>
            <source>Expression</source>
            <translation>Mimik</translation>
        </message>
        <message>
            <source>Gaze</source>
            <translation>Blick</translation>
        </message>
        <message>
            <source>Head</source>
            <translation>Kopf</translation>
        </message>
        <message>
            <source>Markers</source>
            <translation>Marken</translation>
        </message>
        <message>
            <source>Mouth</source>
            <translation>Mund</translation>
        </message>
        <message>
            <source>Mute {lane}</source>
            <translation>{lane} stumm schalten</translation>
        </message>
        <message>
            <source>Mute: this lane does nothing</source>
            <translation>Stumm: Diese Spur bewirkt nichts</translation>
        </message>
        <message>
            <source>Open the curves of this lane</source>
            <translation>Die Kurven dieser Spur öffnen</translation>
        </message>
        <message>
            <source>Solo {lane}</source>
            <translation>Nur {lane}</translation>
        </message>
        <message>
            <source>Solo: lanes without it do nothing</source>
            <translation>Solo: Spuren ohne dies bewirken nichts</translation>
        </message>
    </context>
    <context>
        <name>presets</name>
        <message>
            <source>Ah</source>
            <translation>Ah</translation>
        </message>
        <message>
            <source>Angry</source>
            <translation>Zornig</translation>
        </message>
        <message>
            <source>Blink</source>
            <translation>Blinzeln</translation>
        </message>
        <message>
            <source>Doubt</source>
            <translation>Zweifelnd</translation>
        </message>
        <message>
            <source>Ee</source>
            <translation>I</translation>
        </message>
        <message>
            <source>Kiss</source>
            <translation>Kuss</translation>
        </message>
        <message>
            <source>Laugh</source>
            <translation>Lachen</translation>
        </message>
        <message>
            <source>Oh</source>
            <translation>Oh</translation>
        </message>
        <message>
            <source>Sad</source>
            <translation>Traurig</translation>
        </message>
        <message>
            <source>Smile</source>
            <translation>Lächeln</translation>
        </message>
        <message>
            <source>Smirk</source>
            <translation>Schmunzeln</translation>
        </message>
        <message>
            <source>Surprise</source>
            <translation>Überrascht</translation>
        </message>
        <message>
            <source>Wink</source>
            <translation>Zwinkern</translation>
        </message>
    </context>
    <context>
        <name>shortcuts</name>
        <message>
            <source>A frame, a second on the timeline; move the selection</source>
            <translation>Ein Bild, eine Sekunde auf der Zeitleiste; die Auswahl verschieben</translation>
        </message>
        <message>
            <source>Alt while dragging on the timeline</source>
            <translation>Alt beim Ziehen auf der Zeitleiste</translation>
        </message>
        <message>
            <source>Back to its rest</source>
            <translation>Zurück in die Ruhe</translation>
        </message>
        <message>
            <source>Back to the portrait's view</source>
            <translation>Zurück zur Ansicht des Porträts</translation>
        </message>
        <message>
            <source>Click on the status line</source>
            <translation>Klick auf die Statuszeile</translation>
        </message>
        <message>
            <source>Close a page or a card</source>
            <translation>Eine Seite oder Karte schließen</translation>
        </message>
        <message>
            <source>Ctrl+↑, Ctrl+↓ on the timeline</source>
            <translation>Strg+↑, Strg+↓ auf der Zeitleiste</translation>
        </message>
        <message>
            <source>Do not snap; break a tangent</source>
            <translation>Nicht einrasten; eine Tangente brechen</translation>
        </message>
        <message>
            <source>Double click on the head</source>
            <translation>Doppelklick auf den Kopf</translation>
        </message>
        <message>
            <source>Double click or right click on a slider</source>
            <translation>Doppel- oder Rechtsklick auf einen Regler</translation>
        </message>
        <message>
            <source>Drag on the head</source>
            <translation>Auf dem Kopf ziehen</translation>
        </message>
        <message>
            <source>Drag on the ruler, with Shift</source>
            <translation>Am Lineal ziehen, mit Umschalt</translation>
        </message>
        <message>
            <source>Enter</source>
            <translation>Eingabe</translation>
        </message>
        <message>
            <source>Esc</source>
            <translation>Esc</translation>
        </message>
        <message>
            <source>Keyboard shortcuts</source>
            <translation>Tastenkürzel</translation>
        </message>
        <message>
            <source>Middle button on the head</source>
            <translation>Mittlere Taste auf dem Kopf</translation>
        </message>
        <message>
            <source>Move it in the picture</source>
            <translation>Ihn im Bild verschieben</translation>
        </message>
        <message>
            <source>No command has these words; try fewer letters.</source>
            <translation>Kein Befehl enthält diese Wörter; versuchen Sie weniger Buchstaben.</translation>
        </message>
        <message>
            <source>PgUp, PgDown on the timeline</source>
            <translation>Bild auf, Bild ab auf der Zeitleiste</translation>
        </message>
        <message>
            <source>Pointer and keys</source>
            <translation>Zeiger und Tasten</translation>
        </message>
        <message>
            <source>Press the button with the focus, since Space plays</source>
            <translation>Die Taste mit dem Fokus drücken, denn die Leertaste spielt ab</translation>
        </message>
        <message>
            <source>Raise or lower the selected keys of a curve</source>
            <translation>Die gewählten Schlüsselbilder einer Kurve heben oder senken</translation>
        </message>
        <message>
            <source>Scroll in time, zoom about the pointer</source>
            <translation>In der Zeit blättern, um den Zeiger vergrößern</translation>
        </message>
        <message>
            <source>Scrub, loop a stretch</source>
            <translation>Spulen, eine Schleife setzen</translation>
        </message>
        <message>
            <source>Search</source>
            <translation>Suche</translation>
        </message>
        <message>
            <source>Search commands and keys</source>
            <translation>Befehle und Tasten durchsuchen</translation>
        </message>
        <message>
            <source>Select what comes before, what comes next</source>
            <translation>Auswählen, was davor oder danach kommt</translation>
        </message>
        <message>
            <source>Tab, Shift+Tab</source>
            <translation>Tab, Umschalt+Tab</translation>
        </message>
        <message>
            <source>To the next control, to the one before</source>
            <translation>Zum nächsten Bedienelement, zum vorigen</translation>
        </message>
        <message>
            <source>Turn around it</source>
            <translation>Um ihn herumgehen</translation>
        </message>
        <message>
            <source>What was said before</source>
            <translation>Was zuvor gesagt wurde</translation>
        </message>
        <message>
            <source>Wheel on the head</source>
            <translation>Mausrad auf dem Kopf</translation>
        </message>
        <message>
            <source>Wheel on the timeline, with Ctrl</source>
            <translation>Rad über der Zeitleiste, mit Strg</translation>
        </message>
        <message>
            <source>Zoom about the pointer</source>
            <translation>Um den Zeiger zoomen</translation>
        </message>
        <message>
            <source>←, →, with Shift, with Ctrl</source>
            <translation>←, →, mit Umschalt, mit Strg</translation>
        </message>
    </context>
    <context>
        <name>view</name>
        <message>
            <source>AVATAR_STUDIO_VIEW asks for a painted head.</source>
            <translation>AVATAR_STUDIO_VIEW verlangt einen gemalten Kopf.</translation>
        </message>
        <message>
            <source>Frames reach the window through main memory: {reason}.</source>
            <translation>Bilder erreichen das Fenster über den Hauptspeicher: {reason}.</translation>
        </message>
        <message>
            <source>OpenGL is emulated here ({name}), so the head is painted without it.</source>
            <translation>OpenGL wird hier nachgebildet ({name}), deshalb wird der Kopf ohne es gemalt.</translation>
        </message>
        <message>
            <source>There is no OpenGL here, so the processor paints the head.</source>
            <translation>Hier gibt es kein OpenGL, deshalb malt der Prozessor den Kopf.</translation>
        </message>
        <message>
            <source>cuda-core is missing; install it with pip install cuda-core[cu13]</source>
            <translation>cuda-core fehlt; installieren Sie es mit pip install cuda-core[cu13]</translation>
        </message>
    </context>
</TS>
